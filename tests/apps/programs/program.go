// SPDX-License-Identifier: BSD-3-Clause

// Go: goroutines, channels, garbage collection, timers, recovered panics.
package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sort"
	"strings"
	"sync"
	"time"
)

type node struct {
	left, right *node
	value       int
}

func grow(depth int) *node {
	if depth == 0 {
		return &node{value: 1}
	}
	return &node{grow(depth - 1), grow(depth - 1), depth}
}

func (n *node) sum() int {
	if n == nil {
		return 0
	}
	return n.value + n.left.sum() + n.right.sum()
}

func recovered(what func()) (text string) {
	defer func() { text = fmt.Sprint(recover()) }()
	what()
	return "no panic"
}

func main() {
	fmt.Println("arguments:", strings.Join(os.Args[1:], " "))
	var wait sync.WaitGroup
	results := make(chan string, 100)
	for i := 0; i < 100; i++ {
		wait.Add(1)
		go func(i int) {
			defer wait.Done()
			sum := sha256.Sum256([]byte(fmt.Sprint(i)))
			results <- fmt.Sprintf("%03d %x", i, sum[:4])
		}(i)
	}
	wait.Wait()
	close(results)
	var lines []string
	for line := range results {
		lines = append(lines, line)
	}
	sort.Strings(lines)
	fmt.Println(lines[0], lines[42], lines[99])

	total := 0
	for i := 0; i < 20; i++ {
		total += grow(14).sum()
		if i%5 == 0 {
			runtime.GC()
		}
	}
	fmt.Println("trees:", total)

	var missing *node
	fmt.Println(recovered(func() { fmt.Println(missing.value) }))
	fmt.Println(recovered(func() { fmt.Println([]int{1}[len(lines)]) }))

	// A goroutine that never yields is preempted by a signal.
	stop := make(chan bool)
	go func() {
		for i := 0; ; i++ {
		}
	}()
	go func() {
		time.Sleep(20 * time.Millisecond)
		close(stop)
	}()
	select {
	case <-stop:
		fmt.Println("timer")
	case <-time.After(20 * time.Second):
		fmt.Println("no timer")
	}

	text, err := os.ReadFile("input")
	fmt.Printf("%q %v\n", text, err)
	_, err = os.Open("missing")
	fmt.Println(err, errors.Is(err, os.ErrNotExist))
	reader, writer, _ := os.Pipe()
	go func() {
		fmt.Fprint(writer, "through a pipe")
		writer.Close()
	}()
	buffer := make([]byte, 100)
	n, _ := reader.Read(buffer)
	fmt.Println(string(buffer[:n]))
	os.Exit(4)
}
