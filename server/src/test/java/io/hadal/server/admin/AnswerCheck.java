package io.hadal.server.admin;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Holds answers against the description of the API. Fields that it does not know are errors here:
 * to clients they are not, which must get along with more than they know.
 */
public final class AnswerCheck {
  private final JsonNode paths;
  private final JsonNode schemas;
  private final Map<String, Schema> known = new ConcurrentHashMap<>();

  /** A check by a document of OpenAPI. */
  public AnswerCheck(JsonNode document) {
    this.paths = document.path("paths");
    this.schemas = closed(document.at("/components/schemas").deepCopy());
  }

  private static JsonNode closed(JsonNode schema) {
    schema.forEach(AnswerCheck::closed);
    if (schema instanceof ObjectNode object && object.path("properties").isObject()) {
      object.put("additionalProperties", false);
    }
    return schema;
  }

  /**
   * Looks at an answer.
   *
   * @param target path below the prefix, with its query
   */
  public void check(String method, String target, int status, String body) {
    List<String> path = Arrays.asList(target.replaceFirst("[?].*", "").substring(1).split("/", -1));
    String found =
        paths.propertyNames().stream()
            .map(PathPattern::new)
            .sorted()
            .filter(pattern -> pattern.match(path) != null)
            .map(PathPattern::toString)
            .findFirst()
            .orElse("");
    JsonNode answers = paths.path(found).path(method.toLowerCase(Locale.ROOT)).path("responses");
    JsonNode answer = answers.path(Integer.toString(status));
    assertThat(answer.isObject()).as("%s %s: %d", method, found, status).isTrue();
    JsonNode schema = answer.at("/content/application~1json/schema");
    if (schema.isMissingNode()) {
      assertThat(status == 204 ? body : "").as(found).isEmpty();
      return;
    }
    assertThat(
            known
                .computeIfAbsent(method + found, call -> compiled(schema))
                .validate(body, InputFormat.JSON))
        .as("%s %s: %s", method, found, body)
        .isEmpty();
  }

  /**
   * Looks at the data of an event, or a line, of a stream.
   *
   * @param target path of the call
   */
  public void event(String target, String data) {
    JsonNode content = paths.path(target).at("/post/responses/200/content");
    JsonNode stream =
        content.path(target.startsWith("/api/") ? "application/x-ndjson" : "text/event-stream");
    assertThat(
            known
                .computeIfAbsent(target, call -> compiled(stream.path("x-event-schema")))
                .validate(data, InputFormat.JSON))
        .as("%s: %s", target, data)
        .isEmpty();
  }

  private Schema compiled(JsonNode schema) {
    ObjectNode whole = (ObjectNode) closed(schema.deepCopy());
    whole.putObject("components").set("schemas", schemas);
    return SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
        .getSchema(whole.toString(), InputFormat.JSON);
  }
}
