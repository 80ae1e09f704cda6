package main

import (
	"fmt"
	"time"

	cluster "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpoint "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listener "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	route "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	router "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/router/v3"
	hcm "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	previous "github.com/envoyproxy/go-control-plane/envoy/extensions/retry/host/previous_hosts/v3"
	upstream "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/http/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// The resources here have the content of those that penstock makes of a Rollout with two versions: the same names, the same
// domains, the same policies. Only so do the bytes of both compare.

const (
	namespace  = "mesh"
	stableHash = "5c7b9dd8f9"
	canaryHash = "7d4f6c5b8c"
	outbound   = "outbound"
	// What the canaries get at the start.
	firstWeight = 50
)

// mesh is what the peer serves.
type mesh struct {
	services     int
	stablePort   uint32
	canaryPort   uint32
	listenerPort uint32
}

func serviceName(i int) string { return fmt.Sprintf("s%05d", i) }

func hostName(i int) string {
	return fmt.Sprintf("%s/%s.%s.svc.cluster.local", outbound, serviceName(i), namespace)
}

func clusterName(i int, hash string) string {
	return fmt.Sprintf("%s/%s:80@%s", namespace, serviceName(i), hash)
}

// virtualHost sends `weight` percent of a service's requests to the canary.
func virtualHost(i int, weight uint32) *route.VirtualHost {
	name := serviceName(i)
	var domains []string
	for _, suffix := range []string{"", "." + namespace, "." + namespace + ".svc", "." + namespace + ".svc.cluster.local"} {
		domains = append(domains, name+suffix, name+suffix+":80")
	}
	return &route.VirtualHost{
		Name:    hostName(i),
		Domains: domains,
		Routes: []*route.Route{{
			Name:  "default",
			Match: &route.RouteMatch{PathSpecifier: &route.RouteMatch_Prefix{Prefix: "/"}},
			Action: &route.Route_Route{Route: &route.RouteAction{
				Timeout: durationpb.New(0),
				RetryPolicy: &route.RetryPolicy{
					RetryOn:                       "connect-failure,refused-stream,reset-before-request",
					NumRetries:                    wrapperspb.UInt32(2),
					HostSelectionRetryMaxAttempts: 10,
					RetryHostPredicate: []*route.RetryPolicy_RetryHostPredicate{{
						Name: "previous_hosts",
						ConfigType: &route.RetryPolicy_RetryHostPredicate_TypedConfig{
							TypedConfig: anyOf(&previous.PreviousHostsPredicate{}),
						},
					}},
				},
				ClusterSpecifier: &route.RouteAction_WeightedClusters{WeightedClusters: &route.WeightedCluster{
					Clusters: []*route.WeightedCluster_ClusterWeight{
						{Name: clusterName(i, stableHash), Weight: wrapperspb.UInt32(100 - weight)},
						{Name: clusterName(i, canaryHash), Weight: wrapperspb.UInt32(weight)},
					},
				}},
			}},
		}},
	}
}

// serviceRoutes is a RouteConfiguration for one service alone.
func serviceRoutes(i int, weight uint32) *route.RouteConfiguration {
	return &route.RouteConfiguration{Name: hostName(i), VirtualHosts: []*route.VirtualHost{virtualHost(i, weight)}}
}

// table is the one RouteConfiguration of all services.
func table(hosts []*route.VirtualHost) *route.RouteConfiguration {
	return &route.RouteConfiguration{Name: outbound, VirtualHosts: hosts}
}

func versionCluster(i int, hash string) *cluster.Cluster {
	const unlimited = 4294967295
	name := clusterName(i, hash)
	return &cluster.Cluster{
		Name:                      name,
		ClusterDiscoveryType:      &cluster.Cluster_Type{Type: cluster.Cluster_EDS},
		EdsClusterConfig:          &cluster.Cluster_EdsClusterConfig{EdsConfig: ads(), ServiceName: name},
		ConnectTimeout:            durationpb.New(5 * time.Second),
		IgnoreHealthOnHostRemoval: true,
		CircuitBreakers: &cluster.CircuitBreakers{Thresholds: []*cluster.CircuitBreakers_Thresholds{{
			MaxConnections: wrapperspb.UInt32(unlimited), MaxPendingRequests: wrapperspb.UInt32(unlimited),
			MaxRequests: wrapperspb.UInt32(unlimited), MaxRetries: wrapperspb.UInt32(unlimited),
		}}},
		TypedExtensionProtocolOptions: map[string]*anypb.Any{
			"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": anyOf(&upstream.HttpProtocolOptions{
				UpstreamProtocolOptions: &upstream.HttpProtocolOptions_UseDownstreamProtocolConfig{
					UseDownstreamProtocolConfig: &upstream.HttpProtocolOptions_UseDownstreamHttpConfig{
						HttpProtocolOptions:  &core.Http1ProtocolOptions{},
						Http2ProtocolOptions: &core.Http2ProtocolOptions{},
					},
				},
			}),
		},
	}
}

func endpoints(i int, hash string, port uint32) *endpoint.ClusterLoadAssignment {
	return &endpoint.ClusterLoadAssignment{
		ClusterName: clusterName(i, hash),
		Endpoints: []*endpoint.LocalityLbEndpoints{{
			Locality:            &core.Locality{},
			LoadBalancingWeight: wrapperspb.UInt32(1),
			LbEndpoints: []*endpoint.LbEndpoint{{
				HostIdentifier: &endpoint.LbEndpoint_Endpoint{Endpoint: &endpoint.Endpoint{Address: loopback(port)}},
			}},
		}},
	}
}

func outboundListener(port uint32) *listener.Listener {
	manager := &hcm.HttpConnectionManager{
		StatPrefix: outbound,
		RouteSpecifier: &hcm.HttpConnectionManager_Rds{
			Rds: &hcm.Rds{ConfigSource: ads(), RouteConfigName: outbound},
		},
		HttpFilters: []*hcm.HttpFilter{{
			Name:       "envoy.filters.http.router",
			ConfigType: &hcm.HttpFilter_TypedConfig{TypedConfig: anyOf(&router.Router{SuppressEnvoyHeaders: true})},
		}},
		StreamIdleTimeout:          durationpb.New(0),
		ServerHeaderTransformation: hcm.HttpConnectionManager_PASS_THROUGH,
		UpgradeConfigs:             []*hcm.HttpConnectionManager_UpgradeConfig{{UpgradeType: "websocket"}},
	}
	return &listener.Listener{
		Name:             outbound,
		Address:          loopback(port),
		TrafficDirection: core.TrafficDirection_OUTBOUND,
		FilterChains: []*listener.FilterChain{{Filters: []*listener.Filter{{
			Name:       "envoy.filters.network.http_connection_manager",
			ConfigType: &listener.Filter_TypedConfig{TypedConfig: anyOf(manager)},
		}}}},
	}
}

func ads() *core.ConfigSource {
	return &core.ConfigSource{
		ConfigSourceSpecifier: &core.ConfigSource_Ads{Ads: &core.AggregatedConfigSource{}},
		InitialFetchTimeout:   durationpb.New(0),
		ResourceApiVersion:    core.ApiVersion_V3,
	}
}

func loopback(port uint32) *core.Address {
	return &core.Address{Address: &core.Address_SocketAddress{SocketAddress: &core.SocketAddress{
		Address: "127.0.0.1", PortSpecifier: &core.SocketAddress_PortValue{PortValue: port},
	}}}
}

func anyOf(message proto.Message) *anypb.Any {
	packed, err := anypb.New(message)
	if err != nil {
		panic(err)
	}
	return packed
}
