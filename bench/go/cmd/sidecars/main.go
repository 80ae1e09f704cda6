// Sidecars is the load client of the benchmarks: any number of Envoys as a control plane sees them, each with a connection
// of its own. It is driven by lines of JSON (package control) and frames HTTP/2 by hand to stay out of the way.
package main

import (
	"log"
	"runtime/debug"

	"penstock/bench/internal/control"
)

func main() {
	// The client has memory and wants processor time: rounds are short, and garbage can wait for their end.
	debug.SetGCPercent(400)
	// But not without end: a thousand sidecars that list all they hold have a gigabyte on its way.
	debug.SetMemoryLimit(3 << 30)
	f := newFleet()
	err := control.Serve(control.Orders{
		"connect":   control.Order(f.connect),
		"reconnect": control.Order(f.reconnect),
		"drop":      control.Order(f.drop),
		"settle":    control.Order(f.settle),
		"state":     control.Order(f.state),
		"expect":    control.Order(f.expect),
		"arrived":   control.Order(f.arrived),
		"counters":  control.Order(f.counters),
		"demand":    control.Order(f.demand),
		"deaf":      control.Order(f.deaf),
	})
	if err != nil {
		log.Fatal(err)
	}
}
