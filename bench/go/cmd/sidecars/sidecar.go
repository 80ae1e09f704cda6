package main

import (
	"fmt"
	"sync"
	"sync/atomic"

	"penstock/bench/internal/machine"
	"penstock/bench/internal/wire"
)

// Shared by all sidecars: the versions they hold, and per type the names.
var versions = newNumbers()

// sidecar is one client with one connection and one aggregated delta stream, as Envoy 1.40 has it: types are asked for
// one after the other at the start and all at once after a reconnect, and every response is acknowledged.
type sidecar struct {
	fleet *fleet
	index int
	node  []byte

	lock       sync.Mutex
	connection *wire.Connection
	types      []*typeState
	isDone     bool
	isDeaf     bool
	hearing    *sync.Cond
	response   wire.Response

	// Since the counters were last read; the first one is of the socket, the others of gRPC messages.
	wireBytes, messageBytes, responses atomic.Int64
}

func newSidecar(fleet *fleet, index int, node wire.Node, wants []want) *sidecar {
	s := &sidecar{fleet: fleet, index: index, node: node.Append(nil)}
	s.hearing = sync.NewCond(&s.lock)
	for i := range wants {
		s.types = append(s.types, &typeState{want: &wants[i], names: fleet.namesOf(wants[i].Type)})
	}
	for _, state := range s.types {
		for _, name := range state.want.Names {
			state.ask(state.names.add(name))
		}
		if state.want.Learn != "" {
			s.stateOf([]byte(state.want.Learn)).learner = state
		}
	}
	return s
}

func (s *sidecar) stateOf(typeURL []byte) *typeState {
	for _, state := range s.types {
		if state.want.Type == string(typeURL) {
			return state
		}
	}
	return nil
}

// connect opens the stream. The first time types follow each other; later all come at once, with what is held.
func (s *sidecar) connect(address string, again bool) error {
	connection, err := wire.Dial(address, &s.wireBytes)
	if err != nil {
		return err
	}
	s.lock.Lock()
	defer s.lock.Unlock()
	s.connection, s.isDone = connection, false
	node := s.node
	for _, state := range s.types {
		state.isAsked, state.isAnswered = false, again
	}
	for _, state := range s.types {
		if !again && state != s.types[0] {
			break
		}
		request, isDue := state.first()
		if !isDue {
			continue
		}
		request.Node, node = node, nil
		if err := connection.Send(request); err != nil {
			return err
		}
	}
	s.look()
	go s.listen(connection)
	return nil
}

func (s *sidecar) listen(connection *wire.Connection) {
	for {
		message, err := connection.Read()
		at := machine.Now()
		if err == nil {
			err = s.receive(connection, message, at)
		}
		if err != nil {
			s.lost(connection, err)
			return
		}
	}
}

func (s *sidecar) lost(connection *wire.Connection, err error) {
	connection.Close()
	s.lock.Lock()
	defer s.lock.Unlock()
	if s.connection != connection {
		return
	}
	s.connection = nil
	s.fleet.lost(s, err)
}

func (s *sidecar) disconnect() {
	s.lock.Lock()
	defer s.lock.Unlock()
	if s.connection == nil {
		return
	}
	s.connection.Close()
	s.connection = nil
	if s.isDone {
		s.isDone = false
		s.fleet.done.Add(-1)
	}
}

// setDeaf stops reading, or goes on: the socket's buffers and the windows fill, as those of a stuck proxy do.
func (s *sidecar) setDeaf(isDeaf bool) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.isDeaf = isDeaf
	s.hearing.Broadcast()
}

func (s *sidecar) receive(connection *wire.Connection, message []byte, at int64) error {
	s.lock.Lock()
	defer s.lock.Unlock()
	for s.isDeaf {
		s.hearing.Wait()
	}
	s.messageBytes.Add(int64(len(message)))
	s.responses.Add(1)
	s.fleet.lastReceipt.Store(at)
	response := &s.response
	if err := wire.ReadResponse(message, response); err != nil {
		return err
	}
	state := s.stateOf(response.TypeURL)
	if state == nil {
		return fmt.Errorf("a response of type %s, which was not asked for", response.TypeURL)
	}
	state.isAnswered = true
	learned := s.take(state, response, at)
	if err := connection.Send(wire.Request{TypeURL: state.want.Type, Nonce: response.Nonce}); err != nil {
		return err
	}
	if err := s.follow(connection, state, learned); err != nil {
		return err
	}
	s.look()
	return nil
}

// take keeps what came and gives the names that it tells of.
func (s *sidecar) take(state *typeState, response *wire.Response, at int64) (learned []string) {
	for _, resource := range response.Resources {
		name := state.names.of(resource.Name)
		version := firstVersion + versions.of(resource.Version)
		held := state.at(name)
		if *held == version {
			s.fleet.repeated.Add(1)
			continue
		}
		if *held == awaited {
			state.outstanding--
		}
		*held = version
		if expectation := s.fleet.expected.Load(); expectation != nil {
			expectation.received(s.index, state.names, name, at)
		}
		if state.learner == nil {
			continue
		}
		for _, name := range wire.NamesIn(state.want.Type, resource.Body) {
			if state.learner.ask(state.learner.names.of(name)) {
				learned = append(learned, string(name))
			}
		}
	}
	for _, name := range response.Removed {
		held := state.at(state.names.of(name))
		if *held == awaited {
			state.outstanding--
		}
		*held = unknown
	}
	return learned
}

// follow asks for names that were learned, and at the start for the next type.
func (s *sidecar) follow(connection *wire.Connection, state *typeState, learned []string) error {
	if len(learned) > 0 && state.learner.isAsked {
		request := wire.Request{TypeURL: state.learner.want.Type, Subscribe: learned}
		if err := connection.Send(request); err != nil {
			return err
		}
	}
	for i, next := range s.types {
		if next.isAsked {
			continue
		}
		if before := s.types[i-1]; !before.isDone() {
			return nil
		}
		request, isDue := next.first()
		if !isDue {
			continue
		}
		if err := connection.Send(request); err != nil {
			return err
		}
	}
	return nil
}

// demand asks for one more name, as a request for a host never used does.
func (s *sidecar) demand(typeURL, name string) error {
	s.lock.Lock()
	defer s.lock.Unlock()
	state := s.stateOf([]byte(typeURL))
	if s.connection == nil || state == nil {
		return fmt.Errorf("sidecar %d has no stream or no subscription to %s", s.index, typeURL)
	}
	state.ask(state.names.add(name))
	return s.connection.Send(wire.Request{TypeURL: typeURL, Subscribe: []string{name}})
}

// look tells the fleet when everything is there for the first time since the stream was opened.
func (s *sidecar) look() {
	if s.isDone {
		return
	}
	for _, state := range s.types {
		if !state.isDone() {
			return
		}
	}
	s.isDone = true
	s.fleet.done.Add(1)
}
