// SPDX-License-Identifier: BSD-3-Clause
import java.io.*;
import java.nio.file.*;
import java.util.*;
import java.util.concurrent.TimeUnit;

/** ProcessBuilder: streams, environment, redirections, pipelines, ends. */
public class Children {
    static String read(InputStream in) throws IOException {
        return new String(in.readAllBytes());
    }

    public static void main(String[] args) throws Exception {
        Process p = new ProcessBuilder("sh", "-c", "cat; echo err >&2; exit 3").start();
        try (OutputStream o = p.getOutputStream()) {
            o.write("to the child\n".getBytes());
        }
        System.out.print(read(p.getInputStream()) + read(p.getErrorStream()));
        System.out.println(p.waitFor() + " " + p.isAlive());

        ProcessBuilder b = new ProcessBuilder("sh", "-c", "echo $NAME $PWD; echo two >&2");
        b.environment().put("NAME", "value");
        b.directory(new File("/"));
        b.redirectErrorStream(true);
        System.out.print(read(b.start().getInputStream()));

        File out = new File("redirected");
        new ProcessBuilder("echo", "to a file").redirectOutput(out).start().waitFor();
        new ProcessBuilder("cat").redirectInput(out)
            .redirectOutput(ProcessBuilder.Redirect.INHERIT).start().waitFor();

        List<Process> line = ProcessBuilder.startPipeline(List.of(
            new ProcessBuilder("seq", "1", "100"), new ProcessBuilder("grep", "7"),
            new ProcessBuilder("wc", "-l")));
        System.out.print("pipeline " + read(line.get(2).getInputStream()));

        p = new ProcessBuilder("sleep", "60").start();
        System.out.println("alive " + p.isAlive() + " " + p.waitFor(50, TimeUnit.MILLISECONDS));
        p.destroy();
        System.out.println("term " + p.waitFor());
        p = new ProcessBuilder("sleep", "60").start();
        p.destroyForcibly();
        System.out.println("kill " + p.waitFor());
        try {
            new ProcessBuilder("/no/such/program").start();
        } catch (IOException e) {
            System.out.println(e.getMessage());
        }
        p = new ProcessBuilder("sh", "-c", "exit 9").start();
        System.out.println("future " + p.onExit().get().exitValue());
        System.out.println("child of " + new ProcessBuilder("true").start().toHandle()
            .parent().map(h -> h.equals(ProcessHandle.current())).orElse(true));
        int sum = 0;
        List<Process> many = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            many.add(Runtime.getRuntime().exec(new String[] {"sh", "-c", "exit " + i}));
        }
        for (Process q : many) {
            sum += q.waitFor();
        }
        System.out.println("sum " + sum);
        System.exit(6);
    }
}
