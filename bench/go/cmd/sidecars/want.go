package main

import "penstock/bench/internal/wire"

// want is one type that a sidecar subscribes to.
type want struct {
	Type string `json:"type"`
	// Names asked for; without any, and without Learn, the subscription is a wildcard.
	Names []string `json:"names"`
	// Learn is the type whose resources tell the names: clusters those of endpoints, scopes those of routes.
	Learn string `json:"learn"`
}

func (w want) isWildcard() bool { return len(w.Names) == 0 && w.Learn == "" }

// Values of held below firstVersion.
const (
	unknown      uint32 = 0
	awaited      uint32 = 1
	firstVersion uint32 = 2
)

// typeState is what one sidecar has of one type.
type typeState struct {
	want    *want
	names   *numbers
	learner *typeState
	// By number of the name: unknown, awaited, or firstVersion plus the number of the version held.
	held []uint32
	// Subscribed by name and not yet received.
	outstanding int
	isAsked     bool
	isAnswered  bool
}

func (t *typeState) at(name uint32) *uint32 {
	if int(name) >= len(t.held) {
		t.held = append(t.held, make([]uint32, int(name)+1-len(t.held)+len(t.held)/2)...)
	}
	return &t.held[name]
}

// isDone says whether everything that was asked for is there.
func (t *typeState) isDone() bool {
	return t.isAsked && t.outstanding == 0 && (t.isAnswered || !t.want.isWildcard())
}

// ask marks a name as subscribed; false where it was before.
func (t *typeState) ask(name uint32) bool {
	held := t.at(name)
	if *held != unknown {
		return false
	}
	*held = awaited
	t.outstanding++
	return true
}

// first is the request that opens the subscription: after a reconnect with what is held. False where nothing has to be
// asked for yet, for a request without names would mean all.
func (t *typeState) first() (wire.Request, bool) {
	request := wire.Request{TypeURL: t.want.Type}
	for name, held := range t.held {
		if held == unknown {
			continue
		}
		text := t.names.text(uint32(name))
		if !t.want.isWildcard() {
			request.Subscribe = append(request.Subscribe, text)
		}
		if held >= firstVersion {
			request.Held = append(request.Held, wire.Held{Name: text, Version: versions.text(held - firstVersion)})
		}
	}
	t.isAsked = true
	return request, t.want.isWildcard() || len(request.Subscribe) > 0
}
