// Package wire reads and writes the few protobuf messages of xDS that a load client needs, without decoding the rest.
// Field numbers are those of envoy/service/discovery/v3/discovery.proto and envoy/config/core/v3/base.proto (1.40).
package wire

import (
	"errors"

	"google.golang.org/protobuf/encoding/protowire"
)

// Types of resources as they stand in `type_url`.
const (
	Listener = "type.googleapis.com/envoy.config.listener.v3.Listener"
	Cluster  = "type.googleapis.com/envoy.config.cluster.v3.Cluster"
	Endpoint = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment"
	Scope    = "type.googleapis.com/envoy.config.route.v3.ScopedRouteConfiguration"
	Route    = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration"
	Host     = "type.googleapis.com/envoy.config.route.v3.VirtualHost"
)

// DeltaPath is the method that every sidecar calls.
const DeltaPath = "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources"

var errMalformed = errors.New("malformed protobuf")

// Each calls `visit` for every field of a message; bytes hold the content of a length-delimited field and nothing otherwise.
func Each(message []byte, visit func(field protowire.Number, bytes []byte, number uint64)) error {
	for len(message) > 0 {
		field, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return errMalformed
		}
		message = message[n:]
		var bytes []byte
		var number uint64
		switch kind {
		case protowire.BytesType:
			bytes, n = protowire.ConsumeBytes(message)
		case protowire.VarintType:
			number, n = protowire.ConsumeVarint(message)
		default:
			n = protowire.ConsumeFieldValue(field, kind, message)
		}
		if n < 0 {
			return errMalformed
		}
		visit(field, bytes, number)
		message = message[n:]
	}
	return nil
}

// Resource is one resource of a response. Its slices point into the response.
type Resource struct {
	Name, Version, Body []byte
}

// Response is a DeltaDiscoveryResponse. Its slices point into the bytes that were read.
type Response struct {
	TypeURL, Nonce []byte
	Resources      []Resource
	Removed        [][]byte
}

// ReadResponse reads a DeltaDiscoveryResponse into `response`, whose slices it uses again.
func ReadResponse(message []byte, response *Response) error {
	response.TypeURL, response.Nonce = nil, nil
	response.Resources, response.Removed = response.Resources[:0], response.Removed[:0]
	var bad error
	err := Each(message, func(field protowire.Number, bytes []byte, _ uint64) {
		switch field {
		case 2:
			resource, err := readResource(bytes)
			if err != nil {
				bad = err
			}
			response.Resources = append(response.Resources, resource)
		case 4:
			response.TypeURL = bytes
		case 5:
			response.Nonce = bytes
		case 6:
			response.Removed = append(response.Removed, bytes)
		}
	})
	return errors.Join(err, bad)
}

func readResource(message []byte) (resource Resource, err error) {
	err = Each(message, func(field protowire.Number, bytes []byte, _ uint64) {
		switch field {
		case 1:
			resource.Version = bytes
		case 2:
			resource.Body = bytes
		case 3:
			resource.Name = bytes
		}
	})
	return resource, err
}

// NamesIn gives the names of other resources that a resource refers to: the endpoints of a cluster, the routes of a scope.
func NamesIn(typeURL string, body []byte) (names [][]byte) {
	inAny(body, func(message []byte) {
		switch typeURL {
		case Cluster:
			if name := endpointsOf(message); name != nil {
				names = append(names, name)
			}
		case Scope:
			_ = Each(message, func(field protowire.Number, bytes []byte, _ uint64) {
				if field == 2 {
					names = append(names, bytes)
				}
			})
		}
	})
	return names
}

func inAny(body []byte, read func(message []byte)) {
	_ = Each(body, func(field protowire.Number, bytes []byte, _ uint64) {
		if field == 2 {
			read(bytes)
		}
	})
}

// endpointsOf is the name under which a cluster of type EDS asks for its endpoints, else nothing (cluster.proto).
func endpointsOf(message []byte) []byte {
	const edsType = 3
	var name, serviceName []byte
	var discovery uint64
	_ = Each(message, func(field protowire.Number, bytes []byte, number uint64) {
		switch field {
		case 1:
			name = bytes
		case 2:
			discovery = number
		case 3:
			_ = Each(bytes, func(field protowire.Number, bytes []byte, _ uint64) {
				if field == 2 {
					serviceName = bytes
				}
			})
		}
	})
	switch {
	case discovery != edsType:
		return nil
	case len(serviceName) > 0:
		return serviceName
	default:
		return name
	}
}

// Held is a resource that a client brings along when it connects again.
type Held struct {
	Name, Version string
}

// Request is a DeltaDiscoveryRequest.
type Request struct {
	// Node is the encoded node; only the first request of a stream carries it, as Envoy does.
	Node                   []byte
	TypeURL                string
	Subscribe, Unsubscribe []string
	Held                   []Held
	Nonce                  []byte
}

// Append writes the request behind `to`.
func (r Request) Append(to []byte) []byte {
	if len(r.Node) > 0 {
		to = appendBytes(to, 1, r.Node)
	}
	to = appendString(to, 2, r.TypeURL)
	for _, name := range r.Subscribe {
		to = appendString(to, 3, name)
	}
	for _, name := range r.Unsubscribe {
		to = appendString(to, 4, name)
	}
	for _, held := range r.Held {
		to = protowire.AppendTag(to, 5, protowire.BytesType)
		to = protowire.AppendVarint(to, uint64(sizeOf(held.Name)+sizeOf(held.Version)))
		to = appendString(to, 1, held.Name)
		to = appendString(to, 2, held.Version)
	}
	if len(r.Nonce) > 0 {
		to = appendBytes(to, 6, r.Nonce)
	}
	return to
}

// sizeOf is the size of a string as a field with a number below 16.
func sizeOf(text string) int {
	return 1 + protowire.SizeBytes(len(text))
}

// Node says who a client is.
type Node struct {
	ID       string            `json:"id"`
	Cluster  string            `json:"cluster"`
	Metadata map[string]string `json:"metadata"`
}

// Append writes a core.v3.Node of an Envoy 1.40.0.
func (n Node) Append(to []byte) []byte {
	to = appendString(to, 1, n.ID)
	to = appendString(to, 2, n.Cluster)
	var fields []byte
	for key, text := range n.Metadata {
		value := appendString(nil, 3, text)
		entry := appendBytes(appendString(nil, 1, key), 2, value)
		fields = appendBytes(fields, 1, entry)
	}
	if len(fields) > 0 {
		to = appendBytes(to, 3, fields)
	}
	to = appendString(to, 6, "envoy")
	semantic := appendNumber(appendNumber(nil, 1, 1), 2, 40)
	return appendBytes(to, 8, appendBytes(nil, 1, semantic))
}

// AppendResponse writes a DeltaDiscoveryResponse of one resource.
func AppendResponse(to []byte, typeURL, nonce string, resource Resource) []byte {
	to = appendString(to, 1, string(resource.Version))
	body := appendBytes(nil, 1, resource.Version)
	body = appendBytes(body, 2, resource.Body)
	body = appendBytes(body, 3, resource.Name)
	to = appendBytes(to, 2, body)
	to = appendString(to, 4, typeURL)
	return appendString(to, 5, nonce)
}

func appendBytes(to []byte, field protowire.Number, bytes []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(to, field, protowire.BytesType), bytes)
}

func appendString(to []byte, field protowire.Number, text string) []byte {
	return protowire.AppendString(protowire.AppendTag(to, field, protowire.BytesType), text)
}

func appendNumber(to []byte, field protowire.Number, number uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(to, field, protowire.VarintType), number)
}
