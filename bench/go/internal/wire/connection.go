package wire

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// Windows of Envoy 1.40 (config.core.v3.Http2ProtocolOptions); a window is opened again when half of it is used.
const (
	streamWindow     = 16 << 20
	connectionWindow = 24 << 20
	defaultWindow    = 65535
	maxFrame         = 16384
	stream           = 1
	prefix           = 5
)

// Connection is one TCP connection with one gRPC stream on it, framed by hand: a load client has to cost less than the
// server that it loads.
type Connection struct {
	socket net.Conn
	framer *http2.Framer
	// Bytes counts what was read from the socket.
	Bytes *atomic.Int64

	writing sync.Mutex
	output  bytes.Buffer
	// What has to wait until the server opens its window, framed as gRPC messages.
	waiting                   []byte
	streamCredit, totalCredit int64
	// The server's SETTINGS_INITIAL_WINDOW_SIZE.
	initialCredit int64
	// Consumed and not yet given back.
	streamUsed, totalUsed uint32
	scratch               []byte
	message               []byte
}

// Dial connects and opens the stream.
func Dial(address string, received *atomic.Int64) (*Connection, error) {
	socket, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	c := &Connection{
		socket: socket, Bytes: received,
		streamCredit: defaultWindow, totalCredit: defaultWindow, initialCredit: defaultWindow,
	}
	c.framer = http2.NewFramer(&c.output, bufio.NewReaderSize(&counted{socket, received}, maxFrame))
	c.framer.SetReuseFrames()
	c.writing.Lock()
	defer c.writing.Unlock()
	c.output.WriteString(http2.ClientPreface)
	if err := c.framer.WriteSettings(
		http2.Setting{ID: http2.SettingInitialWindowSize, Val: streamWindow},
		http2.Setting{ID: http2.SettingEnablePush, Val: 0},
	); err != nil {
		return nil, err
	}
	if err := c.framer.WriteWindowUpdate(0, connectionWindow-defaultWindow); err != nil {
		return nil, err
	}
	headers := http2.HeadersFrameParam{StreamID: stream, BlockFragment: requestHeaders(address), EndHeaders: true}
	if err := c.framer.WriteHeaders(headers); err != nil {
		return nil, err
	}
	if err := c.flush(); err != nil {
		socket.Close()
		return nil, err
	}
	return c, nil
}

func requestHeaders(authority string) []byte {
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	for _, field := range [][2]string{
		{":method", "POST"}, {":scheme", "http"}, {":path", DeltaPath}, {":authority", authority},
		{"te", "trailers"}, {"content-type", "application/grpc"},
	} {
		_ = encoder.WriteField(hpack.HeaderField{Name: field[0], Value: field[1]})
	}
	return block.Bytes()
}

type counted struct {
	from  io.Reader
	bytes *atomic.Int64
}

func (c *counted) Read(to []byte) (int, error) {
	n, err := c.from.Read(to)
	c.bytes.Add(int64(n))
	return n, err
}

// Close ends the connection; a Read under way fails.
func (c *Connection) Close() { c.socket.Close() }

// Send writes a request as far as the server's window allows; the rest follows when it opens.
func (c *Connection) Send(request Request) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	message := append(c.scratch[:0], 0, 0, 0, 0, 0)
	message = request.Append(message)
	binary.BigEndian.PutUint32(message[1:], uint32(len(message)-prefix))
	if cap(message) <= maxFrame {
		c.scratch = message
	}
	if len(c.waiting) > 0 {
		c.waiting = append(c.waiting, message...)
		return nil
	}
	rest, err := c.write(message)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		c.waiting = append([]byte(nil), rest...)
	}
	return c.flush()
}

// write frames what fits into the window and gives the rest.
func (c *Connection) write(message []byte) ([]byte, error) {
	for len(message) > 0 {
		size := min(int64(len(message)), c.streamCredit, c.totalCredit, maxFrame)
		if size <= 0 {
			break
		}
		if err := c.framer.WriteData(stream, false, message[:size]); err != nil {
			return nil, err
		}
		c.streamCredit -= size
		c.totalCredit -= size
		message = message[size:]
	}
	return message, nil
}

func (c *Connection) flush() error {
	if c.output.Len() == 0 {
		return nil
	}
	_, err := c.socket.Write(c.output.Bytes())
	c.output.Reset()
	return err
}

// Read waits for the next whole gRPC message. It is valid until the next Read.
func (c *Connection) Read() ([]byte, error) {
	c.message = c.takeRead()
	for {
		size, whole := messageSize(c.message)
		if whole {
			return c.message[prefix:size], nil
		}
		c.message = slices.Grow(c.message, max(0, size-len(c.message)))
		if err := c.readFrame(); err != nil {
			return nil, err
		}
	}
}

// takeRead drops the message that was read last, and its buffer where that is large: hundreds of them would be held.
func (c *Connection) takeRead() []byte {
	size, whole := messageSize(c.message)
	if !whole {
		return c.message
	}
	rest := c.message[size:]
	if cap(c.message) > 4*maxFrame {
		return append([]byte(nil), rest...)
	}
	return append(c.message[:0], rest...)
}

func messageSize(buffer []byte) (int, bool) {
	if len(buffer) < prefix {
		return 0, false
	}
	size := prefix + int(binary.BigEndian.Uint32(buffer[1:]))
	return size, len(buffer) >= size
}

func (c *Connection) readFrame() error {
	frame, err := c.framer.ReadFrame()
	if err != nil {
		return err
	}
	switch frame := frame.(type) {
	case *http2.DataFrame:
		c.message = append(c.message, frame.Data()...)
		if frame.StreamEnded() {
			return io.EOF
		}
		return c.giveBack(uint32(frame.Header().Length))
	case *http2.HeadersFrame:
		if frame.StreamEnded() {
			return fmt.Errorf("the server ended the stream: %s", trailers(frame.HeaderBlockFragment()))
		}
		return nil
	case *http2.RSTStreamFrame:
		return fmt.Errorf("the server reset the stream: %s", frame.ErrCode)
	case *http2.GoAwayFrame:
		return fmt.Errorf("the server went away: %s", frame.ErrCode)
	default:
		return c.respond(frame)
	}
}

// trailers reads them alone, without the table of the headers before them: enough for a message to a human.
func trailers(block []byte) (text string) {
	fields, err := hpack.NewDecoder(4096, nil).DecodeFull(block)
	if err != nil {
		return err.Error()
	}
	for _, field := range fields {
		text += field.Name + "=" + field.Value + " "
	}
	return text
}

// respond does what a peer owes to frames of the connection itself.
func (c *Connection) respond(frame http2.Frame) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	switch frame := frame.(type) {
	case *http2.SettingsFrame:
		if frame.IsAck() {
			return nil
		}
		if window, given := frame.Value(http2.SettingInitialWindowSize); given {
			c.streamCredit += int64(window) - c.initialCredit
			c.initialCredit = int64(window)
		}
		if err := c.framer.WriteSettingsAck(); err != nil {
			return err
		}
		return c.sendWaiting()
	case *http2.PingFrame:
		if frame.IsAck() {
			return nil
		}
		if err := c.framer.WritePing(true, frame.Data); err != nil {
			return err
		}
		return c.flush()
	case *http2.WindowUpdateFrame:
		if frame.StreamID == 0 {
			c.totalCredit += int64(frame.Increment)
		} else {
			c.streamCredit += int64(frame.Increment)
		}
		return c.sendWaiting()
	}
	return nil
}

func (c *Connection) sendWaiting() (err error) {
	if len(c.waiting) > 0 {
		c.waiting, err = c.write(c.waiting)
		if err != nil {
			return err
		}
		if len(c.waiting) == 0 {
			c.waiting = nil
		}
	}
	return c.flush()
}

func (c *Connection) giveBack(size uint32) error {
	c.streamUsed += size
	c.totalUsed += size
	if c.streamUsed < streamWindow/2 {
		return nil
	}
	c.writing.Lock()
	defer c.writing.Unlock()
	if err := c.framer.WriteWindowUpdate(stream, c.streamUsed); err != nil {
		return err
	}
	if err := c.framer.WriteWindowUpdate(0, c.totalUsed); err != nil {
		return err
	}
	c.streamUsed, c.totalUsed = 0, 0
	return c.flush()
}
