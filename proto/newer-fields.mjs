// Fields of Envoy 1.40 that its .proto files of mid-2024 (those we install) do not have yet. Numbers and types are
// Envoy's; `npm test` holds them against the real Envoy. A field that an update of the .proto files brings by itself
// makes the generation fail with its name: delete it here then.

const MIRROR = 'envoy.config.route.v3.RouteAction.RequestMirrorPolicy';

export const NEWER_FIELDS = [
  {
    message: 'envoy.config.route.v3.WeightedCluster',
    oneof: 'random_value_specifier',
    name: 'use_hash_policy',
    number: 5,
    type: 'google.protobuf.BoolValue',
  },
  {
    message: MIRROR,
    name: 'request_headers_mutations',
    number: 7,
    type: 'envoy.config.common.mutation_rules.v3.HeaderMutation',
    rule: 'repeated',
  },
  { message: MIRROR, name: 'host_rewrite_literal', number: 8, type: 'string' },
];
