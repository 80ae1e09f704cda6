// Blaster tells what the load client itself costs: a server that knows nothing of xDS and writes the same prebuilt bytes to
// every stream as fast as it can. The time from its first write to the last receipt is the floor under every measurement.
package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"sync"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"penstock/bench/internal/control"
	"penstock/bench/internal/machine"
	"penstock/bench/internal/wire"
)

const (
	stream    = 1
	window    = 1 << 30
	grpcBytes = 5
	maxFrame  = 16384
)

type blaster struct {
	lock    sync.Mutex
	sockets []net.Conn
	sent    int
	opening []byte
}

type started struct {
	Address string `json:"address"`
	PID     int    `json:"pid"`
}

// start listens. A stream is sent the resource once when it opens.
func (b *blaster) start(order blastOrder) (any, error) {
	opening, err := b.framed(order)
	if err != nil {
		return nil, err
	}
	b.opening = opening
	listening, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	go func() {
		for {
			socket, err := listening.Accept()
			if err != nil {
				return
			}
			go b.serve(socket)
		}
	}()
	return started{Address: listening.Addr().String(), PID: os.Getpid()}, nil
}

// serve opens the one stream of a connection and then reads what comes, requests and acknowledgements, and drops it.
func (b *blaster) serve(socket net.Conn) {
	preface := make([]byte, len(http2.ClientPreface))
	if _, err := io.ReadFull(socket, preface); err != nil {
		return
	}
	framer := http2.NewFramer(socket, socket)
	framer.SetReuseFrames()
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	_ = encoder.WriteField(hpack.HeaderField{Name: ":status", Value: "200"})
	_ = encoder.WriteField(hpack.HeaderField{Name: "content-type", Value: "application/grpc"})
	err := errors.Join(
		framer.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: window}),
		framer.WriteWindowUpdate(0, window),
		framer.WriteSettingsAck(),
	)
	for err == nil {
		var frame http2.Frame
		if frame, err = framer.ReadFrame(); err != nil {
			break
		}
		if _, isOpening := frame.(*http2.HeadersFrame); !isOpening {
			continue
		}
		err = framer.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: block.Bytes(), EndHeaders: true})
		if err == nil {
			_, err = socket.Write(b.opening)
		}
		b.lock.Lock()
		b.sockets = append(b.sockets, socket)
		b.lock.Unlock()
	}
	socket.Close()
}

type blastOrder struct {
	// Name of the resource that is sent; its type is that of routes.
	Name string `json:"name"`
	// Size of the resource.
	Bytes int `json:"bytes"`
	// How many goroutines write, each to its share of the streams.
	Writers int `json:"writers"`
}

type blasted struct {
	At      int64 `json:"at"`
	Done    int64 `json:"done"`
	Streams int   `json:"streams"`
}

// change writes a new version of the resource to all streams.
func (b *blaster) change(order blastOrder) (any, error) {
	b.lock.Lock()
	defer b.lock.Unlock()
	if len(b.sockets) == 0 {
		return nil, errors.New("nobody is connected")
	}
	b.sent++
	framed, err := b.framed(order)
	if err != nil {
		return nil, err
	}
	writers := max(1, order.Writers)
	failures := make(chan error, writers)
	at := machine.Now()
	for w := range writers {
		go func() {
			var failure error
			for i := w; i < len(b.sockets); i += writers {
				_, err := b.sockets[i].Write(framed)
				failure = errors.Join(failure, err)
			}
			failures <- failure
		}()
	}
	for range writers {
		err = errors.Join(err, <-failures)
	}
	return blasted{at, machine.Now(), len(b.sockets)}, err
}

func (b *blaster) framed(order blastOrder) ([]byte, error) {
	version := fmt.Sprintf("%016x", b.sent)
	resource := wire.Resource{Name: []byte(order.Name), Version: []byte(version), Body: make([]byte, order.Bytes)}
	message := wire.AppendResponse(make([]byte, grpcBytes), wire.Route, version, resource)
	binary.BigEndian.PutUint32(message[1:], uint32(len(message)-grpcBytes))
	var out bytes.Buffer
	framer := http2.NewFramer(&out, nil)
	for len(message) > 0 {
		size := min(len(message), maxFrame)
		if err := framer.WriteData(stream, false, message[:size]); err != nil {
			return nil, err
		}
		message = message[size:]
	}
	return out.Bytes(), nil
}

func (b *blaster) stats(struct{}) (any, error) {
	return machine.Used(false), nil
}

func main() {
	b := &blaster{}
	orders := control.Orders{
		"start":  control.Order(b.start),
		"change": control.Order(b.change),
		"stats":  control.Order(b.stats),
	}
	if err := control.Serve(orders); err != nil {
		log.Fatal(err)
	}
}
