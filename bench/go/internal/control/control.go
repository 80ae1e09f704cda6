// Package control lets the benchmark's runner drive a program by lines of JSON: an order a line on standard input, its
// answer a line on standard output. The end of the input ends the program, so that none outlives its runner.
package control

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
)

// Orders are the things a program can be told to do, by name. The argument is the whole order.
type Orders map[string]func(order json.RawMessage) (any, error)

// Order makes an entry of Orders from a function with a typed argument.
func Order[A any](do func(A) (any, error)) func(json.RawMessage) (any, error) {
	return func(raw json.RawMessage) (any, error) {
		var argument A
		if err := json.Unmarshal(raw, &argument); err != nil {
			return nil, err
		}
		return do(argument)
	}
}

type answer struct {
	ID     int64  `json:"id"`
	Answer any    `json:"answer,omitempty"`
	Error  string `json:"error,omitempty"`
}

// Serve carries out orders one after the other until the input ends.
func Serve(orders Orders) error {
	input := bufio.NewReaderSize(os.Stdin, 1<<20)
	output := json.NewEncoder(os.Stdout)
	for {
		line, err := input.ReadBytes('\n')
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := output.Encode(carryOut(orders, line)); err != nil {
			return err
		}
	}
}

func carryOut(orders Orders, line []byte) answer {
	var head struct {
		ID int64  `json:"id"`
		Do string `json:"do"`
	}
	if err := json.Unmarshal(line, &head); err != nil {
		return answer{Error: err.Error()}
	}
	do, known := orders[head.Do]
	if !known {
		return answer{ID: head.ID, Error: fmt.Sprintf("there is no order %q", head.Do)}
	}
	result, err := do(line)
	if err != nil {
		return answer{ID: head.ID, Error: err.Error()}
	}
	return answer{ID: head.ID, Answer: result}
}
