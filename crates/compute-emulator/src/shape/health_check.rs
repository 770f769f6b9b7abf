//! Fields of a health check.

use super::{Fields, Shape::*};

pub(crate) const HEALTH_CHECK: Fields = &[
    ("kind", Text),
    ("id", Int64),
    ("creationTimestamp", Text),
    ("selfLink", Text),
    ("region", Text),
    ("name", Text),
    ("description", Text),
    ("type", Choice(&["GRPC", "GRPC_WITH_TLS", "HTTP", "HTTP2", "HTTPS", "INVALID", "SSL", "TCP"])),
    ("checkIntervalSec", Int32),
    ("timeoutSec", Int32),
    ("healthyThreshold", Int32),
    ("unhealthyThreshold", Int32),
    ("httpHealthCheck", Object(HTTP)),
    ("httpsHealthCheck", Object(HTTP)),
    ("http2HealthCheck", Object(HTTP)),
    ("tcpHealthCheck", Object(TCP)),
    ("sslHealthCheck", Object(TCP)),
    ("logConfig", Object(&[("enable", Bool)])),
];

const HTTP: Fields = &[
    ("host", Text),
    ("port", Int32),
    ("portName", Text),
    ("portSpecification", PORT),
    ("proxyHeader", Choice(&["NONE", "PROXY_V1"])),
    ("requestPath", Text),
    ("response", Text),
];

const TCP: Fields = &[
    ("port", Int32),
    ("portName", Text),
    ("portSpecification", PORT),
    ("proxyHeader", Choice(&["NONE", "PROXY_V1"])),
    ("request", Text),
    ("response", Text),
];

const PORT: super::Shape = Choice(&["USE_FIXED_PORT", "USE_NAMED_PORT", "USE_SERVING_PORT"]);
