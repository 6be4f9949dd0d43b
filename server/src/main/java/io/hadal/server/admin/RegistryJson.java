package io.hadal.server.admin;

import io.hadal.chat.Problem;
import io.hadal.formats.FormatException;
import io.hadal.platform.Refusal;
import io.hadal.platform.registry.AliasChange;
import io.hadal.platform.registry.ModelVersion;
import io.hadal.platform.registry.ProbeResult;
import io.hadal.platform.registry.RunningVersions;
import io.hadal.platform.rollout.Comparison;
import io.hadal.platform.rollout.Guard;
import io.hadal.platform.rollout.Rollout;
import io.hadal.platform.rollout.RolloutEvent;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Models and rollouts as the administration shows them. */
final class RegistryJson {
  private static final int PAGE = 50;
  private static final int MOST = 500;

  private RegistryJson() {}

  static ObjectNode object() {
    return JsonNodeFactory.instance.objectNode();
  }

  /** A handler whose bad input is a problem of the client. */
  static Endpoint.Handler checked(Endpoint.Handler handler) {
    return call -> {
      try {
        return handler.handle(call);
      } catch (FormatException e) {
        throw Problem.inexpressible(String.valueOf(e.getMessage()));
      }
    };
  }

  /**
   * Lets only those through who administer everything: models belong to no organisation.
   *
   * @throws Refusal for all others
   */
  static void everything(AdminCall call) {
    boolean all =
        call.actor().org() == null
            || call.actor().grants().stream().anyMatch(g -> g.scopeType().equals("all"));
    if (!all) {
      throw new Refusal(
          Refusal.Reason.NOT_PERMITTED, "This needs a role that holds for all organisations.");
    }
  }

  /**
   * The organisation that a call is about; empty for everybody.
   *
   * @throws Refusal when the actor belongs to another one
   */
  static String org(AdminCall call, @Nullable String wanted) {
    String org = wanted == null ? "" : wanted;
    if (org.isEmpty() || !org.equals(call.actor().org())) {
      everything(call);
    }
    return org;
  }

  /** A page of a list, behind the entry that {@code after} names. */
  static <T> ObjectNode page(
      AdminCall call, List<T> all, Function<T, String> id, Function<T, ObjectNode> json) {
    String after = call.query("after");
    String asked = call.query("limit");
    int limit = PAGE;
    if (asked != null) {
      if (!asked.matches("[1-9][0-9]{0,2}") || Integer.parseInt(asked) > MOST) {
        throw Problem.invalid("limit", "must be a whole number from 1 to " + MOST);
      }
      limit = Integer.parseInt(asked);
    }
    ObjectNode page = object();
    ArrayNode data = page.putArray("data");
    boolean begun = after == null;
    String last = null;
    boolean more = false;
    for (T entry : all) {
      if (!begun) {
        begun = id.apply(entry).equals(after);
      } else if (data.size() < limit) {
        data.add(json.apply(entry));
        last = id.apply(entry);
      } else {
        more = true;
        break;
      }
    }
    if (!begun) {
      throw Problem.invalid("after", "names nothing in this list");
    }
    return page.put("next", more ? last : null);
  }

  /**
   * A moment in a field; null when it is not there.
   *
   * @throws Problem when it is none
   */
  static @Nullable Instant instant(AdminCall call, String field) {
    String text = call.text(field);
    if (text == null) {
      return null;
    }
    try {
      return Instant.parse(text);
    } catch (DateTimeException e) {
      throw Problem.invalid(field, "must be a time like 2026-11-29T00:00:00Z");
    }
  }

  private static @Nullable String text(@Nullable Instant instant) {
    return instant == null ? null : instant.toString();
  }

  /** A version, and where it runs. */
  static ObjectNode version(ModelVersion v, RunningVersions running) {
    RunningVersions.State state = running.of(v);
    ObjectNode json =
        version(v).put("runs_here", state.here()).put("runs_not_here_because", state.why());
    ArrayNode engines = json.putArray("engines");
    state.engines().forEach(engines::add);
    return json;
  }

  private static ObjectNode version(ModelVersion v) {
    ObjectNode json =
        object()
            .put("id", v.id())
            .put("family", v.manifest().family())
            .put("kind", v.manifest().kind())
            .put("lifecycle", v.lifecycle().text())
            .put("manifest_sha256", v.manifest().sha256())
            .put("system_fingerprint", v.manifest().fingerprint())
            .put("created_at", v.createdAt().toString())
            .put("created_by", v.createdBy())
            .put("activated_at", text(v.activatedAt()))
            .put("deprecated_at", text(v.deprecatedAt()))
            .put("retires_at", text(v.retiresAt()))
            .put("successor", v.successor());
    ArrayNode backends = json.putArray("backends");
    v.manifest().backends().forEach(backends::add);
    return json;
  }

  static ObjectNode probe(ProbeResult r) {
    return object()
        .put("feature", r.feature())
        .put("outcome", r.outcome().text())
        .put("detail", r.detail())
        .put("millis", r.millis())
        .put("probed_at", r.probedAt().toString());
  }

  static ObjectNode alias(AliasChange a) {
    return object()
        .put("name", a.name())
        .put("org", a.org().isEmpty() ? null : a.org())
        .put("seq", a.seq())
        .put("kind", a.kind().name().toLowerCase(Locale.ROOT))
        .put("target", a.target().isEmpty() ? null : a.target())
        .put("valid_from", a.validFrom().toString())
        .put("by", a.by())
        .put("reason", a.reason());
  }

  static ObjectNode rollout(Rollout r) {
    ObjectNode json =
        object()
            .put("id", r.id())
            .put("org", r.org().isEmpty() ? null : r.org())
            .put("alias", r.alias())
            .put("baseline", r.baseline())
            .put("candidate", r.candidate())
            .put("mode", r.mode().text())
            .put("percent", r.percent())
            .put("stickiness", r.stickiness().text())
            .put("state", r.state().text())
            .put("created_at", r.createdAt().toString())
            .put("created_by", r.createdBy())
            .put("started_at", text(r.startedAt()))
            .put("ended_at", text(r.endedAt()));
    json.set("guards", Guard.write(r.guards()));
    return json;
  }

  static ObjectNode event(RolloutEvent e) {
    return object()
        .put("kind", e.kind())
        .put("actor", e.actor())
        .put("detail", e.detail())
        .put("at", e.at().toString());
  }

  static ObjectNode comparison(Comparison c) {
    ObjectNode json =
        object()
            .put("compared", c.compared())
            .put("same_text", c.sameText())
            .put("same_finish", c.sameFinish())
            .put("same_calls", c.sameCalls())
            .put("dropped", c.dropped());
    side(json, "baseline_", c.baseline());
    side(json, "candidate_", c.candidate());
    return json;
  }

  private static void side(ObjectNode json, String of, Comparison.Side s) {
    json.put(of + "failed", s.failed())
        .put(of + "tokens", s.tokens())
        .put(of + "millis", s.millis())
        .put(of + "characters", s.characters())
        .put(of + "calls", s.calls())
        .put(of + "good_calls", s.goodCalls())
        .put(of + "schemas", s.schemas())
        .put(of + "good_schemas", s.goodSchemas());
  }

  /** A field that is JSON of any kind; null when it is not there. */
  static @Nullable JsonNode node(AdminCall call, String field) {
    JsonNode value = call.body().get(field);
    return value == null || value.isNull() ? null : value;
  }
}
