package main

import "sync"

// numbers gives every distinct text a number from 1 on, once for all sidecars: what a sidecar holds is then four bytes a
// resource, and ten thousand resources at each of a thousand sidecars fit.
type numbers struct {
	lock  sync.RWMutex
	byOne map[string]uint32
	texts []string
}

func newNumbers() *numbers {
	return &numbers{byOne: map[string]uint32{}, texts: []string{""}}
}

func (n *numbers) of(text []byte) uint32 {
	n.lock.RLock()
	number := n.byOne[string(text)]
	n.lock.RUnlock()
	if number != 0 {
		return number
	}
	return n.add(string(text))
}

func (n *numbers) add(text string) uint32 {
	n.lock.Lock()
	defer n.lock.Unlock()
	if number, known := n.byOne[text]; known {
		return number
	}
	number := uint32(len(n.texts))
	n.byOne[text] = number
	n.texts = append(n.texts, text)
	return number
}

func (n *numbers) text(number uint32) string {
	n.lock.RLock()
	defer n.lock.RUnlock()
	return n.texts[number]
}
