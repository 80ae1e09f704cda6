package main

import (
	"bytes"
	"fmt"
	"strings"

	cluster "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	endpoint "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listener "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	route "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/proto"
)

// outbound is the name of the listener and of the one table.
const outbound = "outbound"

// templates are the resources of one service as penstock serves them, in protobuf's binary form. Those of all services are
// made from them: only so do the bytes of both control planes compare.
type templates struct {
	// Service is the name that is to be replaced; all services have names of that length.
	Service string `json:"service"`
	// Canary ends the name of the cluster that gets the weight.
	Canary    string   `json:"canary"`
	Routes    []byte   `json:"routes"`
	Host      []byte   `json:"host"`
	Clusters  [][]byte `json:"clusters"`
	Endpoints [][]byte `json:"endpoints"`
	Listener  []byte   `json:"listener"`
}

// mesh is what the peer serves.
type mesh struct {
	services int
	templates
}

func hostName(i int) string { return fmt.Sprintf("%s/s%05d.mesh.svc.cluster.local", outbound, i) }

// fill reads a template for a service into a message: a name of the same length leaves every length in the bytes right.
func (m mesh) fill(template []byte, i int, message proto.Message) {
	filled := bytes.ReplaceAll(template, []byte(m.Service), fmt.Appendf(nil, "s%05d", i))
	if err := proto.Unmarshal(filled, message); err != nil {
		panic(err)
	}
}

// weigh gives the canary of some virtual hosts its weight.
func (m mesh) weigh(weight uint32, hosts ...*route.VirtualHost) {
	for _, host := range hosts {
		for _, one := range host.GetRoutes() {
			for _, share := range one.GetRoute().GetWeightedClusters().GetClusters() {
				if strings.HasSuffix(share.GetName(), m.Canary) {
					share.Weight.Value = weight
				} else {
					share.Weight.Value = 100 - weight
				}
			}
		}
	}
}

// virtualHost sends `weight` percent of a service's requests to the canary.
func (m mesh) virtualHost(i int, weight uint32) *route.VirtualHost {
	host := &route.VirtualHost{}
	m.fill(m.Host, i, host)
	m.weigh(weight, host)
	return host
}

// serviceRoutes is a RouteConfiguration for one service alone.
func (m mesh) serviceRoutes(i int, weight uint32) *route.RouteConfiguration {
	routes := &route.RouteConfiguration{}
	m.fill(m.Routes, i, routes)
	m.weigh(weight, routes.GetVirtualHosts()...)
	return routes
}

// table is the one RouteConfiguration of all services.
func table(hosts []*route.VirtualHost) *route.RouteConfiguration {
	return &route.RouteConfiguration{Name: outbound, VirtualHosts: hosts}
}

func (m mesh) versions(i int) (clusters []*cluster.Cluster, endpoints []*endpoint.ClusterLoadAssignment) {
	for _, template := range m.Clusters {
		version := &cluster.Cluster{}
		m.fill(template, i, version)
		clusters = append(clusters, version)
	}
	for _, template := range m.Endpoints {
		assignment := &endpoint.ClusterLoadAssignment{}
		m.fill(template, i, assignment)
		endpoints = append(endpoints, assignment)
	}
	return clusters, endpoints
}

func (m mesh) listener() *listener.Listener {
	one := &listener.Listener{}
	m.fill(m.Listener, 0, one)
	return one
}
