package io.hadal.server;

import io.hadal.engine.WarmUp;
import io.hadal.kernels.Kernels;
import io.hadal.kernels.SlowPaths;
import io.hadal.platform.cluster.ConfigMark;
import io.hadal.server.routing.BackendState;
import io.hadal.server.routing.Router;
import io.hadal.server.wire.Call;
import io.hadal.server.wire.Dialect;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** What a process says of itself to probes, people and scripts: whether it lives and is ready. */
final class StatePages {
  private final @Nullable LocalModel local;
  private final Router router;
  private final PlatformAccess.@Nullable Health health;
  private final @Nullable LocalVersions versions;
  private final Supplier<ApiHandler> handler;
  private final Supplier<@Nullable ConfigMark> configuration;

  /**
   * @param local null without a model of its own
   * @param health null without a platform
   * @param versions null without a registry
   * @param configuration which one this node has; null when nobody said
   */
  StatePages(
      @Nullable LocalModel local,
      Router router,
      PlatformAccess.@Nullable Health health,
      @Nullable LocalVersions versions,
      Supplier<ApiHandler> handler,
      Supplier<@Nullable ConfigMark> configuration) {
    this.local = local;
    this.router = router;
    this.health = health;
    this.versions = versions;
    this.handler = handler;
    this.configuration = configuration;
  }

  void add(Routes routes) {
    routes.addOpen("GET", "health", call -> text(call, 200, "ok\n"), "/healthz");
    routes.add("GET", Dialect.OPENAI, "health", this::state, "/health");
    routes.addOpen("GET", "ready", this::ready, "/readyz");
    routes.addOpen("HEAD", "health", call -> text(call, 200, "ok\n"), "/healthz");
    routes.addOpen("HEAD", "ready", this::ready, "/readyz");
    routes.addOpen("HEAD", "probe", call -> text(call, 200, ""), "/", "/api/hello");
  }

  /** Ready before it is warm: answers are right from the start, only slower. */
  private void ready(Call call) {
    boolean recording = health == null || health.recording();
    boolean answering = local != null || router.available();
    String state =
        handler.get().draining()
            ? "draining"
            : !recording ? "journal full" : !answering ? "no upstream" : "ready";
    boolean ready = state.equals("ready");
    if (ready && local != null && local.warmUp().state() == WarmUp.State.RUNNING) {
      state = "ready, warming up";
    }
    if (call.exchange().method().equals("GET")
        && call.exchange().target().matches("[^?]*\\?(.*&)?verbose(=.*|&.*)?")
        && handler.get().trusts(call.exchange())) {
      byte[] details = details(ready, state, recording);
      call.exchange().send(ready ? 200 : 503, "application/json", details);
      return;
    }
    text(call, ready ? 200 : 503, state + "\n");
  }

  /** Why it is ready or not, for those who may know. */
  private byte[] details(boolean ready, String state, boolean recording) {
    ObjectNode json =
        JsonMapper.shared()
            .createObjectNode()
            .put("ready", ready)
            .put("state", state)
            .put("draining", handler.get().draining())
            .put("active_requests", handler.get().active())
            .put("model", local == null ? HadalServer.NO_MODEL : local.name());
    if (local != null) {
      json.put("warm_up", local.warmUp().state().name().toLowerCase(Locale.ROOT))
          .put("headroom", local.dispatcher().stats().headroom());
    }
    ObjectNode upstreams = json.putObject("upstreams");
    for (BackendState upstream : router.states()) {
      upstreams.put(upstream.name(), upstream.up() ? "up" : "down");
    }
    if (versions != null) {
      ObjectNode registry = json.putObject("versions");
      versions.here().forEach(registry.putArray("here")::add);
      versions.nowhere().forEach(registry.putArray("nowhere")::add);
    }
    if (health != null) {
      json.put("database", health.database() ? "answers" : "away");
      ConfigMark own = configuration.get();
      if (own != null) {
        ObjectNode configuration =
            json.putObject("configuration")
                .put("hash", own.hash())
                .put("needs_restart", own.pending());
        health.otherConfigurations().forEach(configuration.putArray("differs_on")::add);
      }
      json.putObject("journal")
          .put("recording", recording)
          .put("bytes", health.journalBytes())
          .put("lag_ms", health.lagMillis())
          .put("open_attempts", health.openAttempts());
    }
    return json.toString().getBytes(StandardCharsets.UTF_8);
  }

  /** State of the process for people and scripts. */
  private void state(Call call) {
    ObjectNode root = JsonMapper.shared().createObjectNode();
    root.put("status", handler.get().draining() ? "draining" : "ready");
    if (local != null) {
      WarmUp warmUp = local.warmUp();
      root.put("kernels", Kernels.get().name());
      root.putObject("warm_up")
          .put("state", warmUp.state().name().toLowerCase(Locale.ROOT))
          .put("progress", warmUp.progress())
          .put("seconds", warmUp.time().toMillis() / 1e3);
    }
    ArrayNode slow = root.putArray("slow_paths");
    for (SlowPaths.SlowPath path : SlowPaths.all()) {
      slow.addObject()
          .put("cause", path.cause())
          .put("effect", path.effect())
          .put("remedy", path.remedy());
    }
    call.exchange().send(200, "application/json", root.toString().getBytes(StandardCharsets.UTF_8));
  }

  private static void text(Call call, int status, String body) {
    String sent = call.exchange().method().equals("HEAD") ? "" : body;
    call.exchange()
        .send(status, "text/plain; charset=utf-8", sent.getBytes(StandardCharsets.UTF_8));
  }
}
