/** Serving: HTTP APIs of several dialects over one engine. */
module io.hadal.server {
  requires com.github.luben.zstd_jni;
  requires io.github.resilience4j.circuitbreaker;
  requires transitive io.hadal.chat;
  requires transitive io.hadal.platform;
  requires io.helidon.common.configurable;
  requires io.helidon.common.pki;
  requires io.helidon.common.tls;
  requires io.helidon.http.encoding;
  requires io.helidon.webserver;
  requires io.opentelemetry.api;
  requires io.opentelemetry.context;
  requires io.opentelemetry.exporter.otlp;
  requires io.opentelemetry.sdk.common;
  requires io.opentelemetry.sdk.trace;
  requires java.logging;
  requires java.net.http;
  requires jdk.httpserver;
  requires jdk.management;
  requires micrometer.core;
  requires micrometer.registry.prometheus;
  requires tools.jackson.dataformat.yaml;
  requires static transitive org.jspecify;

  exports io.hadal.server.admin;
  exports io.hadal.server.config;
  exports io.hadal.server.connect;
  exports io.hadal.server.http;
  exports io.hadal.server.routing.config;
  exports io.hadal.server.routing;
  exports io.hadal.server.telemetry;
  exports io.hadal.server;
}
