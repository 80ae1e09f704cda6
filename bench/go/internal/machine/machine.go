// Package machine reads the clock that all processes of a benchmark share, and what a process has used.
package machine

import (
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

var (
	begun  = time.Now()
	offset = monotonic()
)

// Now is CLOCK_MONOTONIC in nanoseconds, the clock of process.hrtime in Node: times of several processes compare.
//
// The time package reads that clock without entering the kernel, but tells only differences; so it is read once directly.
func Now() int64 {
	return offset + int64(time.Since(begun))
}

// Usage is what this process has used so far.
type Usage struct {
	// CPUMicros is the time on a processor, user and system together.
	CPUMicros int64 `json:"cpuMicros"`
	// RSSBytes is the memory that the kernel counts for this process.
	RSSBytes int64 `json:"rssBytes"`
	// HeapBytes is what lives on Go's heap, garbage not yet collected included.
	HeapBytes int64 `json:"heapBytes"`
}

// Used reads the usage. With `collect` garbage is collected first, so that the heap is what is in use.
func Used(collect bool) Usage {
	if collect {
		runtime.GC()
	}
	var times syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &times); err != nil {
		panic(err)
	}
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	return Usage{
		CPUMicros: times.Utime.Nano()/1000 + times.Stime.Nano()/1000,
		RSSBytes:  residentBytes(),
		HeapBytes: int64(memory.HeapAlloc),
	}
}

func residentBytes() int64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if rest, found := strings.CutPrefix(line, "VmRSS:"); found {
			kilobytes, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return kilobytes * 1024
		}
	}
	return 0
}
