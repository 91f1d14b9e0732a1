// SPDX-License-Identifier: BSD-3-Clause

// os/exec: streams, pipelines, contexts, signals, statuses.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"
)

func main() {
	out, err := exec.Command("echo", "hello").Output()
	fmt.Printf("%q %v\n", out, err)
	cmd := exec.Command("sh", "-c", "cat; echo err >&2; exit 3")
	cmd.Stdin = strings.NewReader("input\n")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err = cmd.Run()
	fmt.Printf("%q %q %v\n", stdout.String(), stderr.String(), err)
	_, err = exec.LookPath("no-such-program")
	fmt.Println(errors.Is(err, exec.ErrNotFound))
	fmt.Println(exec.Command("/no/such").Run())

	first, second := exec.Command("seq", "100"), exec.Command("grep", "-c", "7")
	second.Stdin, _ = first.StdoutPipe()
	second.Stdout = os.Stdout
	second.Start()
	fmt.Println(first.Run(), second.Wait())

	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	fmt.Println(exec.CommandContext(ctx, "sleep", "60").Run(), ctx.Err())

	r, w, _ := os.Pipe()
	cmd = exec.Command("sh", "-c", "echo extra >&3")
	cmd.ExtraFiles = []*os.File{w}
	cmd.Env = []string{"PATH=/usr/bin:/bin"}
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	fmt.Println(cmd.Run())
	w.Close()
	data, _ := io.ReadAll(r)
	fmt.Printf("%q\n", data)

	cmd = exec.Command("sleep", "60")
	cmd.Start()
	cmd.Process.Signal(syscall.SIGTERM)
	fmt.Println(cmd.Wait(), cmd.ProcessState.Sys().(syscall.WaitStatus).Signal())

	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGUSR1)
	exec.Command("sh", "-c", fmt.Sprintf("kill -USR1 %d", os.Getpid())).Run()
	fmt.Println(<-c)

	var group sync.WaitGroup
	codes := make([]int, 20)
	for i := range codes {
		group.Add(1)
		go func(i int) {
			defer group.Done()
			cmd := exec.Command("sh", "-c", fmt.Sprint("exit ", i))
			cmd.Run()
			codes[i] = cmd.ProcessState.ExitCode()
		}(i)
	}
	group.Wait()
	fmt.Println(codes)
	p, err := os.StartProcess("/bin/sh", []string{"sh", "-c", "exit 8"}, &os.ProcAttr{Files: []*os.File{nil, os.Stdout}})
	state, _ := p.Wait()
	fmt.Println(state, err)
	fmt.Println(syscall.Exec("/bin/sh", []string{"sh", "-c", "echo exec; exit 5"}, os.Environ()))
}
