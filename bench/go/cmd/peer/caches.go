package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	route "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"github.com/envoyproxy/go-control-plane/pkg/cache/types"
	"github.com/envoyproxy/go-control-plane/pkg/cache/v3"
	"github.com/envoyproxy/go-control-plane/pkg/resource/v3"
)

// content is all resources by type and name.
type content map[resource.Type]map[string]types.Resource

// store is one of the ways in which go-control-plane keeps what it serves.
type store interface {
	cache() cache.Cache
	// put replaces one resource; watches are answered within the call.
	put(typeURL resource.Type, name string, changed types.Resource) error
}

// linear is a LinearCache a type: the way for resources that are the same for all nodes.
type linear map[resource.Type]*cache.LinearCache

func newLinear(all content) linear {
	caches := linear{}
	for typeURL, resources := range all {
		caches[typeURL] = cache.NewLinearCache(typeURL, cache.WithInitialResources(resources))
	}
	return caches
}

func (l linear) cache() cache.Cache {
	caches := map[string]cache.Cache{}
	for typeURL, one := range l {
		caches[typeURL] = one
	}
	return &cache.MuxCache{
		Classify:      func(request *cache.Request) string { return request.GetTypeUrl() },
		ClassifyDelta: func(request *cache.DeltaRequest) string { return request.GetTypeUrl() },
		Caches:        caches,
	}
}

func (l linear) put(typeURL resource.Type, name string, changed types.Resource) error {
	return l[typeURL].UpdateResource(name, changed)
}

// everybody is the one node group of a SnapshotCache whose nodes are all served the same.
type everybody struct{}

func (everybody) ID(*core.Node) string { return "all" }

// snapshots is a SnapshotCache: every change is a new snapshot of everything.
type snapshots struct {
	all     content
	version int
	kept    cache.SnapshotCache
}

func newSnapshots(all content) (*snapshots, error) {
	s := &snapshots{all: all, kept: cache.NewSnapshotCache(false, everybody{}, nil)}
	return s, s.publish()
}

func (s *snapshots) cache() cache.Cache { return s.kept }

func (s *snapshots) put(typeURL resource.Type, name string, changed types.Resource) error {
	s.all[typeURL][name] = changed
	return s.publish()
}

func (s *snapshots) publish() error {
	s.version++
	resources := map[resource.Type][]types.Resource{}
	for typeURL, named := range s.all {
		resources[typeURL] = slices.Collect(maps.Values(named))
	}
	snapshot, err := cache.NewSnapshot(strconv.Itoa(s.version), resources)
	if err != nil {
		return err
	}
	return s.kept.SetSnapshot(context.Background(), everybody{}.ID(nil), snapshot)
}

// shape says what a RouteConfiguration holds, and so what a change of one service replaces.
type shape interface {
	routes() map[string]types.Resource
	// changed is the resource that replaces another when a service gets a new weight.
	changed(service int, weight uint32) (name string, replacement types.Resource)
}

// What the canaries get at the start.
const firstWeight = 50

// perService has a RouteConfiguration a service.
type perService struct{ mesh }

func (s perService) routes() map[string]types.Resource {
	all := make(map[string]types.Resource, s.services)
	for i := range s.services {
		all[hostName(i)] = s.serviceRoutes(i, firstWeight)
	}
	return all
}

func (s perService) changed(service int, weight uint32) (string, types.Resource) {
	return hostName(service), s.serviceRoutes(service, weight)
}

// oneTable has all services in one RouteConfiguration.
type oneTable struct {
	mesh
	hosts []*route.VirtualHost
}

func newOneTable(m mesh) *oneTable {
	t := &oneTable{mesh: m}
	for i := range m.services {
		t.hosts = append(t.hosts, m.virtualHost(i, firstWeight))
	}
	return t
}

func (t *oneTable) routes() map[string]types.Resource {
	return map[string]types.Resource{outbound: table(t.hosts)}
}

func (t *oneTable) changed(service int, weight uint32) (string, types.Resource) {
	// A table that was served must not change: streams may be writing it.
	t.hosts = slices.Clone(t.hosts)
	t.hosts[service] = t.virtualHost(service, weight)
	return outbound, table(t.hosts)
}

// contentOf is everything that a sidecar is served, or the routes alone.
func contentOf(m mesh, s shape, isComplete bool) content {
	all := content{resource.RouteType: s.routes()}
	if !isComplete {
		return all
	}
	clusters, assignments := map[string]types.Resource{}, map[string]types.Resource{}
	for i := range m.services {
		versions, endpoints := m.versions(i)
		for _, version := range versions {
			clusters[version.GetName()] = version
		}
		for _, assignment := range endpoints {
			assignments[assignment.GetClusterName()] = assignment
		}
	}
	all[resource.ClusterType], all[resource.EndpointType] = clusters, assignments
	all[resource.ListenerType] = map[string]types.Resource{outbound: m.listener()}
	return all
}

// storeOf understands the names of configurations: linear-service, linear-table, snapshot-service and snapshot-table.
func storeOf(configuration string, m mesh, isComplete bool) (store, shape, error) {
	var s shape
	switch configuration {
	case "linear-service", "snapshot-service":
		s = perService{m}
	case "linear-table", "snapshot-table":
		s = newOneTable(m)
	default:
		return nil, nil, fmt.Errorf("there is no configuration %q", configuration)
	}
	all := contentOf(m, s, isComplete)
	if configuration == "linear-service" || configuration == "linear-table" {
		return newLinear(all), s, nil
	}
	kept, err := newSnapshots(all)
	return kept, s, err
}
