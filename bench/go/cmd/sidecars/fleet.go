package main

import (
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"penstock/bench/internal/machine"
	"penstock/bench/internal/wire"
)

// fleet is all sidecars of a benchmark.
type fleet struct {
	sidecars []*sidecar
	address  string

	lock  sync.Mutex
	names map[string]*numbers
	// Reasons for which streams were lost, and how often.
	losses map[string]int

	// How many sidecars have everything that they asked for.
	done        atomic.Int64
	lastReceipt atomic.Int64
	// Resources that came although the same version was held.
	repeated atomic.Int64
	expected atomic.Pointer[expectation]
}

func newFleet() *fleet {
	return &fleet{names: map[string]*numbers{}, losses: map[string]int{}}
}

func (f *fleet) namesOf(typeURL string) *numbers {
	f.lock.Lock()
	defer f.lock.Unlock()
	if f.names[typeURL] == nil {
		f.names[typeURL] = newNumbers()
	}
	return f.names[typeURL]
}

func (f *fleet) lost(s *sidecar, err error) {
	if s.isDone {
		s.isDone = false
		f.done.Add(-1)
	}
	f.lock.Lock()
	defer f.lock.Unlock()
	f.losses[err.Error()]++
}

// group is some sidecars of one kind.
type group struct {
	Count    int               `json:"count"`
	Workload string            `json:"workload"`
	Space    string            `json:"namespace"`
	Metadata map[string]string `json:"metadata"`
	Wants    []want            `json:"wants"`
}

type connectOrder struct {
	Address string  `json:"address"`
	Groups  []group `json:"groups"`
	// How many connections are opened at a time; 32 unless given.
	Parallel int `json:"parallel"`
}

type connected struct {
	Started int64 `json:"started"`
	Ended   int64 `json:"ended"`
}

// connect makes the sidecars and opens their streams. It does not wait for what they are sent.
func (f *fleet) connect(order connectOrder) (any, error) {
	if len(f.sidecars) > 0 {
		return nil, fmt.Errorf("there are %d sidecars already", len(f.sidecars))
	}
	f.address = order.Address
	for _, group := range order.Groups {
		for range group.Count {
			index := len(f.sidecars)
			metadata := map[string]string{"NAMESPACE": group.Space}
			for key, value := range group.Metadata {
				metadata[key] = value
			}
			id := fmt.Sprintf("sidecar~%s~%s-%d", group.Space, group.Workload, index)
			node := wire.Node{ID: id, Cluster: group.Workload, Metadata: metadata}
			f.sidecars = append(f.sidecars, newSidecar(f, index, node, group.Wants))
		}
	}
	return f.dial(order.Parallel, false)
}

type reconnectOrder struct {
	Address  string `json:"address"`
	Parallel int    `json:"parallel"`
	// How long sidecars try where nobody listens yet.
	PatienceMillis int `json:"patienceMillis"`
}

// reconnect opens all streams anew, with what the sidecars hold.
func (f *fleet) reconnect(order reconnectOrder) (any, error) {
	if order.Address != "" {
		f.address = order.Address
	}
	until := time.Now().Add(time.Duration(order.PatienceMillis) * time.Millisecond)
	for {
		result, err := f.dial(order.Parallel, true)
		if err == nil || time.Now().After(until) {
			return result, err
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func (f *fleet) dial(parallel int, again bool) (any, error) {
	if parallel == 0 {
		parallel = 32
	}
	started := machine.Now()
	failures := make(chan error, len(f.sidecars))
	turns := make(chan struct{}, parallel)
	for _, s := range f.sidecars {
		if s.isConnected() {
			failures <- nil
			continue
		}
		turns <- struct{}{}
		go func() {
			failures <- s.connect(f.address, again)
			<-turns
		}()
	}
	var failure error
	for range f.sidecars {
		if err := <-failures; err != nil {
			failure = err
		}
	}
	return connected{started, machine.Now()}, failure
}

func (s *sidecar) isConnected() bool {
	s.lock.Lock()
	defer s.lock.Unlock()
	return s.connection != nil
}

// drop closes every connection; what the sidecars hold they keep.
func (f *fleet) drop(struct{}) (any, error) {
	for _, s := range f.sidecars {
		s.disconnect()
	}
	return nil, nil
}

type deafOrder struct {
	Sidecars []int `json:"sidecars"`
	Deaf     bool  `json:"deaf"`
}

func (f *fleet) deaf(order deafOrder) (any, error) {
	for _, index := range order.Sidecars {
		if index < 0 || index >= len(f.sidecars) {
			return nil, fmt.Errorf("there is no sidecar %d", index)
		}
		f.sidecars[index].setDeaf(order.Deaf)
	}
	return nil, nil
}

type settleOrder struct {
	// Nothing may come for so long.
	QuietMillis int `json:"quietMillis"`
	// Whether every sidecar must have what it asked for.
	Done          bool `json:"done"`
	TimeoutMillis int  `json:"timeoutMillis"`
}

type state struct {
	Sidecars    int            `json:"sidecars"`
	Connected   int            `json:"connected"`
	Done        int64          `json:"done"`
	LastReceipt int64          `json:"lastReceipt"`
	Now         int64          `json:"now"`
	Repeated    int64          `json:"repeated"`
	Losses      map[string]int `json:"losses"`
	Usage       machine.Usage  `json:"usage"`
	PID         int            `json:"pid"`
}

func (f *fleet) state(struct{}) (any, error) {
	connections := 0
	for _, s := range f.sidecars {
		if s.isConnected() {
			connections++
		}
	}
	f.lock.Lock()
	defer f.lock.Unlock()
	losses := map[string]int{}
	for reason, count := range f.losses {
		losses[reason] = count
	}
	return state{
		Sidecars: len(f.sidecars), Connected: connections, Done: f.done.Load(), LastReceipt: f.lastReceipt.Load(),
		Now: machine.Now(), Repeated: f.repeated.Load(), Losses: losses, Usage: machine.Used(false), PID: os.Getpid(),
	}, nil
}

// settle waits until nothing has come for a while, and until everybody has everything where that is asked for.
func (f *fleet) settle(order settleOrder) (any, error) {
	begun := machine.Now()
	quiet := int64(order.QuietMillis) * 1e6
	until := begun + int64(order.TimeoutMillis)*1e6
	for {
		now := machine.Now()
		isDone := !order.Done || int(f.done.Load()) == len(f.sidecars)
		if isDone && now-max(begun, f.lastReceipt.Load()) >= quiet {
			return f.state(struct{}{})
		}
		if now > until {
			now, _ := f.state(struct{}{})
			return nil, fmt.Errorf("the sidecars did not settle within %d ms: %+v", order.TimeoutMillis, now)
		}
		time.Sleep(time.Millisecond)
	}
}

type demandOrder struct {
	Sidecar int    `json:"sidecar"`
	Type    string `json:"type"`
	Name    string `json:"name"`
}

// demand asks for a name on behalf of one sidecar; what comes is seen by an expectation set before.
func (f *fleet) demand(order demandOrder) (any, error) {
	if order.Sidecar < 0 || order.Sidecar >= len(f.sidecars) {
		return nil, fmt.Errorf("there is no sidecar %d", order.Sidecar)
	}
	at := machine.Now()
	return connected{at, at}, f.sidecars[order.Sidecar].demand(order.Type, order.Name)
}
