package main

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"penstock/bench/internal/machine"
)

// expectation notes when each sidecar receives a new version of one resource.
type expectation struct {
	names     *numbers
	name      uint32
	at        []atomic.Int64
	missing   atomic.Int64
	everybody chan struct{}
}

func (e *expectation) received(sidecar int, names *numbers, name uint32, at int64) {
	if name != e.name || names != e.names {
		return
	}
	if e.at[sidecar].CompareAndSwap(0, at) && e.missing.Add(-1) == 0 {
		close(e.everybody)
	}
}

type expectOrder struct {
	Type string `json:"type"`
	Name string `json:"name"`
	// How many sidecars it has to reach.
	Count int `json:"count"`
}

// expect has to be ordered before the change. It sets the counters to nothing.
func (f *fleet) expect(order expectOrder) (any, error) {
	if order.Count < 1 || order.Count > len(f.sidecars) {
		return nil, fmt.Errorf("%d of %d sidecars can not receive something", order.Count, len(f.sidecars))
	}
	names := f.namesOf(order.Type)
	e := &expectation{
		names: names, name: names.add(order.Name),
		at: make([]atomic.Int64, len(f.sidecars)), everybody: make(chan struct{}),
	}
	e.missing.Store(int64(order.Count))
	for _, s := range f.sidecars {
		s.wireBytes.Store(0)
		s.messageBytes.Store(0)
		s.responses.Store(0)
	}
	f.expected.Store(e)
	return connected{Started: machine.Now()}, nil
}

type arrivedOrder struct {
	TimeoutMillis int `json:"timeoutMillis"`
	// How long to wait, after the last receipt, for what ought not to come.
	QuietMillis int `json:"quietMillis"`
}

type spread struct {
	Min   int64 `json:"min"`
	P50   int64 `json:"p50"`
	Max   int64 `json:"max"`
	Total int64 `json:"total"`
}

// receipts is what came since expect was ordered.
type receipts struct {
	Count int `json:"count"`
	// Times of the shared clock at which that share of the receivers had it.
	First int64 `json:"first"`
	P50   int64 `json:"p50"`
	P99   int64 `json:"p99"`
	Last  int64 `json:"last"`
	// Of gRPC messages, and of everything on the socket, at those who were expected to receive something.
	MessageBytes spread `json:"messageBytes"`
	WireBytes    spread `json:"wireBytes"`
	Responses    spread `json:"responses"`
	// At all others.
	OtherMessageBytes int64 `json:"otherMessageBytes"`
	OtherResponses    int64 `json:"otherResponses"`
}

// arrived waits for what was expected and tells when it came.
func (f *fleet) arrived(order arrivedOrder) (any, error) {
	e := f.expected.Load()
	if e == nil {
		return nil, errors.New("nothing is expected")
	}
	select {
	case <-e.everybody:
	case <-time.After(time.Duration(order.TimeoutMillis) * time.Millisecond):
		return nil, fmt.Errorf("%d sidecars did not receive it within %d ms", e.missing.Load(), order.TimeoutMillis)
	}
	quiet := time.Duration(order.QuietMillis) * time.Millisecond
	for {
		rest := quiet - time.Duration(machine.Now()-f.lastReceipt.Load())
		if rest <= 0 {
			break
		}
		time.Sleep(rest)
	}
	f.expected.Store(nil)
	return f.receipts(e), nil
}

func (f *fleet) receipts(e *expectation) receipts {
	var times, messages, wires, responses []int64
	var result receipts
	for i, s := range f.sidecars {
		at := e.at[i].Load()
		if at == 0 {
			result.OtherMessageBytes += s.messageBytes.Load()
			result.OtherResponses += s.responses.Load()
			continue
		}
		times = append(times, at)
		messages = append(messages, s.messageBytes.Load())
		wires = append(wires, s.wireBytes.Load())
		responses = append(responses, s.responses.Load())
	}
	slices.Sort(times)
	last := len(times) - 1
	result.Count = len(times)
	result.First, result.Last = times[0], times[last]
	result.P50, result.P99 = times[last/2], times[last*99/100]
	result.MessageBytes, result.WireBytes, result.Responses = spreadOf(messages), spreadOf(wires), spreadOf(responses)
	return result
}

func spreadOf(values []int64) spread {
	slices.Sort(values)
	total := int64(0)
	for _, value := range values {
		total += value
	}
	return spread{Min: values[0], P50: values[(len(values)-1)/2], Max: values[len(values)-1], Total: total}
}

// counters reads what came since expect was ordered, without an expectation.
func (f *fleet) counters(struct{}) (any, error) {
	var messages, wires, responses []int64
	for _, s := range f.sidecars {
		messages = append(messages, s.messageBytes.Swap(0))
		wires = append(wires, s.wireBytes.Swap(0))
		responses = append(responses, s.responses.Swap(0))
	}
	if len(messages) == 0 {
		return nil, errors.New("there are no sidecars")
	}
	return map[string]spread{
		"messageBytes": spreadOf(messages), "wireBytes": spreadOf(wires), "responses": spreadOf(responses),
	}, nil
}
