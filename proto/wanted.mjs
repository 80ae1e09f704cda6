// What of Envoy's API the product speaks. From these messages everything reachable through their fields is kept, except
// what `NOT_WANTED` cuts off. The smaller this list, the smaller the generated code and the faster the program starts.

/** Messages to keep, by what they are for. */
export const WANTED = {
  'the xDS protocol': [
    'envoy.service.discovery.v3.DiscoveryRequest',
    'envoy.service.discovery.v3.DiscoveryResponse',
    'envoy.service.discovery.v3.DeltaDiscoveryRequest',
    'envoy.service.discovery.v3.DeltaDiscoveryResponse',
    'google.rpc.Status',
  ],
  'the resource types served': [
    'envoy.config.listener.v3.Listener',
    'envoy.config.route.v3.RouteConfiguration',
    'envoy.config.route.v3.ScopedRouteConfiguration',
    'envoy.config.route.v3.VirtualHost',
    'envoy.config.cluster.v3.Cluster',
    'envoy.config.endpoint.v3.ClusterLoadAssignment',
  ],
  'typed configurations inside listeners': [
    'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
    'envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy',
    'envoy.extensions.filters.http.router.v3.Router',
    'envoy.extensions.filters.http.on_demand.v3.OnDemand',
    'envoy.extensions.filters.listener.original_dst.v3.OriginalDst',
    'envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector',
    'envoy.extensions.filters.listener.http_inspector.v3.HttpInspector',
  ],
  'typed configurations inside routes': ['envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate'],
  'typed configurations inside clusters': ['envoy.extensions.upstreams.http.v3.HttpProtocolOptions'],
  'the bootstrap of a sidecar': ['envoy.config.bootstrap.v3.Bootstrap', 'google.protobuf.Struct'],
  'load reports (LRS)': [
    'envoy.service.load_stats.v3.LoadStatsRequest',
    'envoy.service.load_stats.v3.LoadStatsResponse',
  ],
  'client status (CSDS)': [
    'envoy.service.status.v3.ClientStatusRequest',
    'envoy.service.status.v3.ClientStatusResponse',
  ],
};

/** Services and the methods of them we serve; their request and response types are in the first group. */
export const WANTED_SERVICES = {
  'envoy.service.discovery.v3.AggregatedDiscoveryService': ['StreamAggregatedResources', 'DeltaAggregatedResources'],
  'envoy.service.listener.v3.ListenerDiscoveryService': ['StreamListeners', 'DeltaListeners'],
  'envoy.service.route.v3.ScopedRoutesDiscoveryService': ['StreamScopedRoutes', 'DeltaScopedRoutes'],
  'envoy.service.route.v3.RouteDiscoveryService': ['StreamRoutes', 'DeltaRoutes'],
  'envoy.service.route.v3.VirtualHostDiscoveryService': ['DeltaVirtualHosts'],
  'envoy.service.cluster.v3.ClusterDiscoveryService': ['StreamClusters', 'DeltaClusters'],
  'envoy.service.endpoint.v3.EndpointDiscoveryService': ['StreamEndpoints', 'DeltaEndpoints'],
  'envoy.service.load_stats.v3.LoadReportingService': ['StreamLoadStats'],
  'envoy.service.status.v3.ClientStatusDiscoveryService': ['StreamClientStatus', 'FetchClientStatus'],
};

/**
 * Subtrees that are cut off: a field whose type is one of these, or lies in one of these packages (a name that ends in a
 * dot), is left out of its message. Deprecated fields go as well.
 */
export const NOT_WANTED = [
  // Observability of the data plane: users add it with their own listeners, we write none.
  'envoy.config.accesslog.v3.',
  'envoy.config.trace.v3.',
  'envoy.config.metrics.v3.',
  'envoy.config.overload.v3.',
  'envoy.type.tracing.v3.',
  'envoy.config.core.v3.EventServiceConfig',
  'envoy.config.core.v3.SubstitutionFormatString',
  'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.Tracing',
  'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.HcmAccessLogOptions',
  'envoy.extensions.filters.network.http_connection_manager.v3.LocalReplyConfig',
  'envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy.TcpAccessLogOptions',
  'envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy.TunnelingConfig',
  'envoy.config.route.v3.Tracing',
  // Policies a Rollout says nothing about.
  'envoy.config.route.v3.CorsPolicy',
  'envoy.config.route.v3.RateLimit',
  'envoy.config.route.v3.ClusterSpecifierPlugin',
  'envoy.config.route.v3.InternalRedirectPolicy',
  'envoy.config.route.v3.NonForwardingAction',
  'envoy.config.route.v3.FilterAction',
  'envoy.config.route.v3.HedgePolicy',
  'envoy.config.route.v3.Decorator',
  'envoy.config.route.v3.VirtualCluster',
  'envoy.config.route.v3.QueryParameterMatcher',
  'envoy.config.route.v3.RouteMatch.TlsContextMatchOptions',
  'envoy.config.route.v3.RouteMatch.GrpcRouteMatchOptions',
  'envoy.config.route.v3.RetryPolicy.RateLimitedRetryBackOff',
  'envoy.type.matcher.v3.MetadataMatcher',
  'envoy.type.matcher.v3.NodeMatcher',
  'envoy.type.matcher.v3.FilterStateMatcher',
  'envoy.type.metadata.v3.',
  'envoy.type.http.v3.',
  'xds.type.matcher.v3.',
  'envoy.extensions.filters.network.http_connection_manager.v3.RequestIDExtension',
  'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.ProxyStatusConfig',
  'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.SetCurrentClientCertDetails',
  'envoy.extensions.filters.http.router.v3.Router.UpstreamAccessLogOptions',
  'envoy.extensions.filters.http.on_demand.v3.OnDemandCds',
  'envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy.OnDemand',
  'envoy.type.v3.HashPolicy',
  // An Envoy lists some hundred of them in its first request; nobody here asks.
  'envoy.config.core.v3.Extension',
  // Names and collections of the newer naming scheme: Envoy's plain names are enough (its servers give `xdstp:` a meaning).
  'xds.core.v3.',
  'envoy.service.discovery.v3.ResourceLocator',
  'envoy.service.discovery.v3.ResourceName',
  'envoy.config.endpoint.v3.LedsClusterLocalityConfig',
  'envoy.config.listener.v3.ListenerCollection',
  // Transport and balancing we do not configure.
  'envoy.extensions.transport_sockets.',
  'envoy.config.listener.v3.UdpListenerConfig',
  'envoy.config.core.v3.GrpcService.GoogleGrpc',
  'envoy.config.core.v3.ProxyProtocolConfig',
  'envoy.config.core.v3.DnsResolutionConfig',
  'envoy.config.core.v3.QuicProtocolOptions',
  'envoy.config.core.v3.Http3ProtocolOptions',
  'envoy.config.core.v3.RetryPolicy.RetryPriority',
  'envoy.config.core.v3.RetryPolicy.RetryHostPredicate',
  'envoy.config.core.v3.AlternateProtocolsCacheOptions',
  'envoy.config.core.v3.EnvoyInternalAddress',
  'envoy.config.listener.v3.Listener.InternalListenerConfig',
  'envoy.config.cluster.v3.Cluster.MaglevLbConfig',
  'envoy.config.cluster.v3.Cluster.CustomClusterType',
  'envoy.config.cluster.v3.Cluster.PreconnectPolicy',
  'envoy.config.core.v3.SocketOption',
  'envoy.config.core.v3.SocketOptionsOverride',
  'envoy.config.core.v3.HealthCheck',
  'envoy.config.endpoint.v3.Endpoint.HealthCheckConfig',
  'envoy.config.cluster.v3.LoadBalancingPolicy',
  'envoy.config.cluster.v3.Cluster.LbSubsetConfig',
  'envoy.config.cluster.v3.UpstreamConnectionOptions',
  'envoy.config.cluster.v3.TrackClusterStats',
  'envoy.config.cluster.v3.Filter',
  // Of a load report we read how many requests there were, by cluster.
  'envoy.config.endpoint.v3.UpstreamEndpointStats',
  'envoy.config.endpoint.v3.EndpointLoadMetricStats',
  'envoy.config.endpoint.v3.UnnamedEndpointLoadMetricStats',
  'envoy.config.endpoint.v3.ClusterStats.DroppedRequests',
  'envoy.config.bootstrap.v3.Watchdog',
  'envoy.config.bootstrap.v3.Watchdogs',
  'envoy.config.bootstrap.v3.FatalAction',
  'envoy.config.bootstrap.v3.CustomInlineHeader',
  'envoy.config.bootstrap.v3.MemoryAllocatorManager',
  'envoy.config.bootstrap.v3.ClusterManager.OutlierDetection',
  'envoy.config.bootstrap.v3.Bootstrap.ApplicationLogConfig',
  'envoy.config.bootstrap.v3.Bootstrap.GrpcAsyncClientManagerConfig',
  'envoy.service.discovery.v3.DynamicParameterConstraints',
];

/** What gRPC itself asks of a server: health and reflection. Not an API of Envoy's, so not part of the descriptor we carry. */
export const GRPC_WANTED = [
  'grpc.health.v1.HealthCheckRequest',
  'grpc.health.v1.HealthCheckResponse',
  'grpc.health.v1.HealthListResponse',
  'grpc.reflection.v1.ServerReflectionRequest',
  'grpc.reflection.v1.ServerReflectionResponse',
];

/** Read by `codec` to print JSON and to answer reflection from the descriptor it carries; not an API of Envoy's, so not part of that descriptor. */
export const DESCRIPTOR_MESSAGE = 'google.protobuf.FileDescriptorSet';
export const DESCRIPTOR_NOT_WANTED = [
  'google.protobuf.SourceCodeInfo',
  'google.protobuf.FileOptions',
  'google.protobuf.FieldOptions',
  'google.protobuf.OneofOptions',
  'google.protobuf.EnumOptions',
  'google.protobuf.EnumValueOptions',
  'google.protobuf.ServiceOptions',
  'google.protobuf.MethodOptions',
  'google.protobuf.ExtensionRangeOptions',
  'google.protobuf.UninterpretedOption',
  'google.protobuf.FeatureSet',
  'google.protobuf.Edition',
  'google.protobuf.SymbolVisibility',
  'google.protobuf.DescriptorProto.ExtensionRange',
  'google.protobuf.DescriptorProto.ReservedRange',
  'google.protobuf.EnumDescriptorProto.EnumReservedRange',
];
