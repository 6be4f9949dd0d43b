package io.hadal.server.admin;

import io.hadal.chat.Problem;
import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import io.hadal.platform.Refusal;
import io.hadal.platform.privacy.DataKeys;
import io.hadal.platform.redaction.Detector;
import io.hadal.platform.redaction.DictionaryDetector;
import io.hadal.platform.redaction.PatternDetector;
import io.hadal.platform.redaction.Redaction;
import io.hadal.platform.redaction.RedactionMode;
import io.hadal.platform.redaction.Redactor;
import io.hadal.platform.tenancy.Permission;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Keys of data, and trials of redaction. Policies belong to projects, teams and organisations. */
public final class PrivacyEndpoints implements EndpointGroup {
  private static final Permission READ = Permission.read(Permission.Resource.PRIVACY);
  private static final Permission WRITE = Permission.write(Permission.Resource.PRIVACY);
  private static final int MAX_TEXT = 1 << 20;
  private static final int MAX_DETECTORS = 20;

  private final DataKeys keys;

  public PrivacyEndpoints(DataKeys keys) {
    this.keys = keys;
  }

  @Override
  public List<Endpoint> endpoints() {
    return List.of(
        new Endpoint(
            "GET",
            "/orgs/{org}/data-keys",
            READ,
            "Data keys of an organisation, without the keys themselves",
            this::list),
        new Endpoint(
            "POST",
            "/orgs/{org}/data-keys",
            WRITE,
            "Rotation: a new data key for what is encrypted from now on",
            this::rotate,
            Endpoint.Telling.ITSELF),
        new Endpoint(
            "DELETE",
            "/orgs/{org}/data-keys",
            WRITE,
            "Erases all data keys: what they encrypted is lost. confirm=ORG repeats the id",
            this::erase,
            Endpoint.Telling.ITSELF),
        new Endpoint(
                "POST",
                "/redaction/trial",
                READ,
                "Tries detectors on a text, which is not kept: project, text, mode, detectors",
                this::trial)
            .apart());
  }

  private JsonNode list(AdminCall call) {
    ArrayNode data = JsonNodeFactory.instance.arrayNode();
    for (DataKeys.KeyState key : keys.states(call.path("org"))) {
      ObjectNode json = data.addObject();
      json.put("id", key.id());
      json.put("created_at", time(key.created()));
      json.put("retired_at", time(key.retired()));
      json.put("erased_at", time(key.erased()));
    }
    ObjectNode answer = JsonNodeFactory.instance.objectNode();
    answer.set("data", data);
    answer.putNull("next");
    return answer;
  }

  private static @Nullable String time(long millis) {
    return millis == 0 ? null : Instant.ofEpochMilli(millis).toString();
  }

  private JsonNode rotate(AdminCall call) {
    String id = keys.rotate(call.actor(), call.path("org"), call.requestId());
    return JsonNodeFactory.instance.objectNode().put("id", id);
  }

  private JsonNode erase(AdminCall call) {
    String org = call.path("org");
    if (!org.equals(call.query("confirm"))) {
      throw Problem.invalid("confirm", "must be the id of the organisation, " + org);
    }
    int erased = keys.erase(call.actor(), org, call.requestId());
    return JsonNodeFactory.instance.objectNode().put("erased", erased);
  }

  private @Nullable JsonNode trial(AdminCall call) {
    String text = call.required("text");
    if (text.length() > MAX_TEXT) {
      throw Problem.invalid("text", "must have at most " + MAX_TEXT + " characters");
    }
    String mode = call.text("mode");
    RedactionMode how;
    try {
      how = RedactionMode.of(mode == null ? "mask" : mode);
    } catch (FormatException e) {
      throw Problem.invalid("mode", "must be off, detect, pseudonymise, mask or block");
    }
    Redaction redaction;
    try {
      redaction = Redactor.with(detectors(call.body())).begin(how);
    } catch (FormatException e) {
      throw Problem.invalid("detectors", "cannot be used: " + e.getMessage());
    }
    ObjectNode answer = JsonNodeFactory.instance.objectNode();
    try {
      answer.put("text", redaction.apply(text));
      answer.put("blocked", false);
    } catch (Refusal e) {
      answer.put("blocked", true);
      answer.put("message", e.message());
    }
    ObjectNode counts = answer.putObject("counts");
    redaction.counts().forEach(counts::put);
    // Sent from here and not returned: what is returned of a POST goes into the audit log.
    call.exchange()
        .send(200, "application/json", Json.text(answer).getBytes(StandardCharsets.UTF_8));
    return null;
  }

  /** Detectors of an organisation's own: patterns, and lists of words. */
  private static List<Detector> detectors(JsonNode body) {
    List<Detector> own = new ArrayList<>();
    for (JsonNode entry : body.path("detectors")) {
      if (own.size() == MAX_DETECTORS) {
        throw Problem.invalid("detectors", "must be at most " + MAX_DETECTORS);
      }
      JsonNode kind = entry.path("kind");
      JsonNode pattern = entry.path("pattern");
      JsonNode words = entry.path("words");
      if (!kind.isString() || pattern.isString() == words.isArray()) {
        throw Problem.invalid("detectors", "need a kind and either a pattern or words");
      }
      own.add(
          pattern.isString()
              ? new PatternDetector(kind.stringValue(), pattern.stringValue())
              : new DictionaryDetector(kind.stringValue(), texts(words)));
    }
    return own;
  }

  private static List<String> texts(JsonNode words) {
    List<String> list = new ArrayList<>();
    for (JsonNode word : words) {
      if (!word.isString()) {
        throw Problem.invalid("detectors", "words must be texts");
      }
      list.add(word.stringValue());
    }
    return list;
  }
}
