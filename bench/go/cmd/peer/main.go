// Peer is the control plane that the benchmarks compare penstock with: a plain server on go-control-plane, as its own
// example wires it, whose configuration is chosen by the runner. It is driven by lines of JSON (package control).
package main

import (
	"context"
	"errors"
	"log"
	"net"
	"os"

	discovery "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"github.com/envoyproxy/go-control-plane/pkg/resource/v3"
	"github.com/envoyproxy/go-control-plane/pkg/server/v3"
	"google.golang.org/grpc"

	"penstock/bench/internal/control"
	"penstock/bench/internal/machine"
)

// As much as penstock takes: a client that reconnects lists everything that it holds.
const largestRequest = 32 << 20

type peer struct {
	store store
	shape shape
}

type setUpOrder struct {
	Configuration string `json:"configuration"`
	Services      int    `json:"services"`
	// Complete serves listener, clusters and endpoints too, for a real Envoy.
	Complete  bool      `json:"complete"`
	Templates templates `json:"templates"`
	// Where to listen; port 0 takes any that is free.
	Address string `json:"address"`
}

type setUp struct {
	Address string `json:"address"`
	PID     int    `json:"pid"`
}

func (p *peer) setUp(order setUpOrder) (any, error) {
	if p.store != nil {
		return nil, errors.New("this peer is set up already")
	}
	m := mesh{order.Services, order.Templates}
	var err error
	if p.store, p.shape, err = storeOf(order.Configuration, m, order.Complete); err != nil {
		return nil, err
	}
	socket, err := net.Listen("tcp", order.Address)
	if err != nil {
		return nil, err
	}
	listening := grpc.NewServer(grpc.MaxRecvMsgSize(largestRequest), grpc.MaxConcurrentStreams(1000))
	xds := server.NewServer(context.Background(), p.store.cache(), nil)
	discovery.RegisterAggregatedDiscoveryServiceServer(listening, xds)
	go func() { log.Fatal(listening.Serve(socket)) }()
	return setUp{Address: socket.Addr().String(), PID: os.Getpid()}, nil
}

type changeOrder struct {
	Service int    `json:"service"`
	Weight  uint32 `json:"weight"`
}

type changed struct {
	// Shared clock right before the call that changes something, and after its return.
	At   int64 `json:"at"`
	Done int64 `json:"done"`
}

func (p *peer) change(order changeOrder) (any, error) {
	if p.store == nil {
		return nil, errors.New("this peer is not set up")
	}
	at := machine.Now()
	name, replacement := p.shape.changed(order.Service, order.Weight)
	err := p.store.put(resource.RouteType, name, replacement)
	return changed{at, machine.Now()}, err
}

func (p *peer) stats(order struct {
	Collect bool `json:"collect"`
}) (any, error) {
	return machine.Used(order.Collect), nil
}

func main() {
	p := &peer{}
	orders := control.Orders{
		"setUp":  control.Order(p.setUp),
		"change": control.Order(p.change),
		"stats":  control.Order(p.stats),
	}
	if err := control.Serve(orders); err != nil {
		log.Fatal(err)
	}
}
