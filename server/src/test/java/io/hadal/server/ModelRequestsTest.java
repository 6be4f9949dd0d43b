package io.hadal.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import io.hadal.formats.Json;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** What the description of the APIs of models says of requests, held against what they take. */
class ModelRequestsTest {
  private static final TestServer SERVER = new TestServer();
  private static final JsonNode DOCUMENT = TestServer.json(SERVER.get("/openapi.json"));

  /** What is said of a field that was read, in a conversation that does not make sense. */
  private static final Pattern OTHERWISE =
      Pattern.compile(
          "no result for the tool call|which is not there|which is no tool|no call is"
              + " unanswered|needs a model that fills in");

  private static final String IGNORED = "x-hadal-ignored-params";

  /** The least request of each path. */
  private static final Map<String, String> LEAST = new LinkedHashMap<>();

  static {
    String talk = "'messages':[{'role':'user','content':'Hi'}]";
    String brief = "'stream':false,'options':{'num_predict':1},";
    LEAST.put("/v1/chat/completions", "{'model':'tiny','max_tokens':1," + talk + "}");
    LEAST.put("/v1/completions", "{'model':'tiny','max_tokens':1,'prompt':'Once'}");
    LEAST.put("/v1/responses", "{'model':'tiny','max_output_tokens':1,'input':'Hi'}");
    LEAST.put("/v1/messages", "{'model':'tiny','max_tokens':1," + talk + "}");
    LEAST.put("/v1/embeddings", "{'model':'tiny','input':'a'}");
    LEAST.put("/v1/responses/input_tokens", "{'model':'tiny','input':'Hi'}");
    LEAST.put("/v1/messages/count_tokens", "{'model':'tiny'," + talk + "}");
    LEAST.put("/api/chat", "{'model':'tiny'," + brief + talk + "}");
    LEAST.put("/api/generate", "{'model':'tiny'," + brief + "'prompt':'Hi'}");
    LEAST.put("/api/show", "{'model':'tiny'}");
    LEAST.put("/api/embed", "{'model':'tiny','input':'a'}");
  }

  /** Objects that mean something, where their required fields alone do not. */
  private static final Map<String, String> OBJECTS =
      Map.ofEntries(
          Map.entry("ChatInput", "{'role':'user','content':'Hi'}"),
          Map.entry("OllamaInput", "{'role':'user','content':'Hi'}"),
          Map.entry("MessageInput", "{'role':'user','content':'Hi'}"),
          Map.entry("ChatTool", "{'type':'function','function':{'name':'f'}}"),
          Map.entry("AssistantCall", "{'id':'c1','function':{'name':'f'}}"),
          Map.entry("InputItem", "{'role':'user','content':'Hi'}"),
          Map.entry("ResponseTool", "{'type':'function','name':'f'}"),
          Map.entry("ChosenTool", "{'function':{'name':'f'}}"),
          Map.entry("UserBlock", "{'type':'text','text':'Hi'}"),
          Map.entry("AssistantBlock", "{'type':'text','text':'Hi'}"),
          Map.entry("MessageTool", "{'name':'f'}"));

  /** Values that mean something, by field or by type and field. */
  private static final Map<String, String> VALUES =
      Map.ofEntries(
          Map.entry("model", "'tiny'"),
          Map.entry("schema", "{'type':'boolean'}"),
          Map.entry("json_schema", "{'type':'boolean'}"),
          Map.entry("ResponseFormat.json_schema", "{'schema':{'type':'boolean'}}"),
          Map.entry("guided_json", "{'type':'boolean'}"),
          Map.entry("StructuredOutputs.json", "{'type':'boolean'}"),
          Map.entry("grammar", "'root ::= [ab]'"),
          Map.entry("guided_grammar", "'root ::= [ab]'"),
          Map.entry("CustomFormat.grammar", "{'syntax':'lark','definition':'x'}"),
          Map.entry("logit_bias", "{'5':1}"),
          Map.entry("input_schema", "{'type':'object'}"),
          Map.entry("parameters", "{'type':'object'}"),
          Map.entry("source", "{'type':'text','data':'x'}"),
          Map.entry("UserBlock.content", "'x'"),
          Map.entry("ChosenTool.type", "'function'"),
          Map.entry("InputItem.type", "'message'"),
          Map.entry("ResponseTool.type", "'function'"),
          Map.entry("OllamaShowRequest.name", "'tiny'"),
          Map.entry("MessageTool.type", "'custom'"),
          Map.entry("OllamaShared.format", "'json'"),
          Map.entry("OllamaChatRequest.format", "'json'"),
          Map.entry("OllamaTextRequest.format", "'json'"),
          Map.entry("num_ctx", "512"),
          Map.entry("dimensions", Integer.toString(SERVER.served.config().hiddenSize())));

  private static final String CALL =
      "{'type':'function_call','call_id':'c1','name':'f','role':null,'content':null}";

  /** What has to stand beside a field. */
  private static final Map<String, String> BESIDE =
      Map.ofEntries(
          Map.entry("ChatRequest.top_logprobs", "{'logprobs':true}"),
          Map.entry("ChatInput.tool_call_id", "{'role':'tool'}"),
          Map.entry("ChatInput.tool_calls", "{'role':'assistant'}"),
          Map.entry("ChatInput.function_call", "{'role':'assistant'}"),
          Map.entry("ChatInput.reasoning_content", "{'role':'assistant'}"),
          Map.entry("ChatInput.reasoning", "{'role':'assistant'}"),
          Map.entry("ChatInput.refusal", "{'role':'assistant','content':null}"),
          Map.entry("ChatTool.custom", "{'type':'custom'}"),
          Map.entry("AssistantCall.custom", "{'type':'custom'}"),
          Map.entry("CustomTool.format", "{}"),
          Map.entry("CustomFormat.grammar", "{'type':'grammar'}"),
          Map.entry("CustomFormat.syntax", "{'type':'grammar'}"),
          Map.entry("CustomFormat.definition", "{'type':'grammar'}"),
          Map.entry("ResponseFormat.json_schema", "{'type':'json_schema'}"),
          Map.entry("ResponseFormat.schema", "{'type':'json_object'}"),
          Map.entry("ResponseFormat.pattern", "{'type':'regex'}"),
          Map.entry("ResponseFormat.regex", "{'type':'regex'}"),
          Map.entry("ResponseFormat.grammar", "{'type':'grammar'}"),
          Map.entry("ResponseTextFormat.strict", "{'type':'json_schema'}"),
          Map.entry("ResponseTextFormat.schema", "{'type':'json_schema'}"),
          Map.entry("ResponseTextFormat.pattern", "{'type':'regex'}"),
          Map.entry("ResponseTextFormat.regex", "{'type':'regex'}"),
          Map.entry("ResponseTextFormat.grammar", "{'type':'grammar'}"),
          Map.entry("ChosenTool.mode", "{'type':'allowed_tools'}"),
          Map.entry("ChosenTool.name", "{'function':null}"),
          Map.entry("ChosenTool.custom", "{'type':'custom'}"),
          Map.entry("InputItem.id", CALL.replace("'call_id':'c1',", "")),
          Map.entry("InputItem.call_id", CALL),
          Map.entry("InputItem.name", CALL),
          Map.entry("InputItem.namespace", CALL),
          Map.entry("InputItem.arguments", CALL),
          Map.entry("InputItem.input", CALL.replace("function_call", "custom_tool_call")),
          Map.entry("InputItem.action", CALL.replace("function_call", "shell_call")),
          Map.entry("InputItem.encrypted_content", "{'type':'reasoning','content':null}"),
          Map.entry("ResponseTool.format", "{'type':'custom'}"),
          Map.entry("ResponseTool.tools", "{'type':'namespace','name':'n'}"),
          Map.entry("UserBlock.tool_use_id", "{'type':'tool_result'}"),
          Map.entry("UserBlock.is_error", "{'type':'tool_result','tool_use_id':'x'}"),
          Map.entry("UserBlock.content", "{'type':'tool_result','tool_use_id':'x'}"),
          Map.entry("UserBlock.source", "{'type':'document'}"),
          Map.entry("UserBlock.title", "{'type':'search_result'}"),
          Map.entry("MessageInput.content>AssistantBlock", "{'role':'assistant'}"),
          Map.entry("AssistantBlock.thinking", "{'type':'thinking'}"),
          Map.entry("AssistantBlock.signature", "{'type':'thinking'}"),
          Map.entry("AssistantBlock.data", "{'type':'redacted_thinking'}"),
          Map.entry("AssistantBlock.id", "{'type':'tool_use','name':'f'}"),
          Map.entry("AssistantBlock.name", "{'type':'tool_use','id':'c1'}"),
          Map.entry("AssistantBlock.input", "{'type':'tool_use','id':'c1','name':'f'}"),
          Map.entry("OllamaShowRequest.name", "{'model':null}"),
          Map.entry("MessageToolChoice.name", "{'type':'tool'}"),
          Map.entry("OllamaInput.thinking", "{'role':'assistant'}"),
          Map.entry("OllamaInput.tool_calls", "{'role':'assistant'}"),
          Map.entry("OllamaInput.tool_name", "{'role':'tool'}"));

  @AfterAll
  static void stop() {
    SERVER.close();
  }

  private static JsonNode json(String text) {
    return Json.parse(text.replace('\'', '"').getBytes(StandardCharsets.UTF_8), text);
  }

  /**
   * A field somewhere in a request.
   *
   * @param body a request with a value of it
   */
  private record Place(String path, String type, String field, JsonNode schema, Body body) {
    HttpResponse<String> ask(JsonNode value) {
      return SERVER.post(path, body.with(value).toString());
    }

    String told(JsonNode value) {
      return path + " " + type + "." + field + " = " + value;
    }
  }

  @FunctionalInterface
  private interface Body {
    ObjectNode with(JsonNode value);
  }

  private static JsonNode schema(String type) {
    return DOCUMENT.at("/components/schemas/" + type);
  }

  private static String name(JsonNode ref) {
    return ref.path("$ref").asString("").replaceFirst(".*/", "");
  }

  /** All fields of all requests. */
  private static List<Place> places() {
    List<Place> places = new ArrayList<>();
    // Types that several have are looked at once: what is Ollama's comes last.
    Set<String> seen = new HashSet<>();
    LEAST.forEach(
        (path, least) -> {
          String type = name(DOCUMENT.path("paths").path(path).at(BODY));
          walk(path, type, (ObjectNode) json(least), o -> o, seen, places);
        });
    return places;
  }

  private static final String BODY = "/post/requestBody/content/application~1json/schema";

  private static void walk(
      String path,
      String type,
      ObjectNode object,
      UnaryOperator<ObjectNode> frame,
      Set<String> seen,
      List<Place> places) {
    if (!seen.add(type)) {
      return;
    }
    assertThat(schema(type).path("properties").isEmpty()).as(type).isFalse();
    schema(type)
        .path("properties")
        .properties()
        .forEach(
            field -> {
              Body body =
                  value -> {
                    ObjectNode own = object.deepCopy();
                    String beside = BESIDE.get(type + "." + field.getKey());
                    if (beside != null) {
                      own.setAll((ObjectNode) json(beside));
                    }
                    own.set(field.getKey(), value);
                    return frame.apply(own);
                  };
              places.add(new Place(path, type, field.getKey(), field.getValue(), body));
              for (JsonNode kind : kinds(field.getValue())) {
                for (JsonNode item : kinds(kind.path("items"))) {
                  if (item.has("$ref")) {
                    walk(
                        path,
                        name(item),
                        object(name(item)),
                        inner -> within(body, type, field.getKey(), name(item), inner),
                        seen,
                        places);
                  }
                }
                if (kind.has("$ref")) {
                  walk(path, name(kind), object(name(kind)), body::with, seen, places);
                }
              }
            });
  }

  /** A request with a list of an element, and what has to stand beside a list of such ones. */
  private static ObjectNode within(
      Body body, String type, String field, String inner, ObjectNode element) {
    ObjectNode whole = body.with(list(field, element));
    String beside = BESIDE.get(type + "." + field + ">" + inner);
    if (beside != null) {
      // All of them are messages.
      ((ObjectNode) whole.path("messages").get(0)).setAll((ObjectNode) json(beside));
    }
    return whole;
  }

  /** A list with an element; conversations go on behind it. */
  private static ArrayNode list(String field, ObjectNode element) {
    ArrayNode list = JsonMapper.shared().createArrayNode().add(element);
    String role = element.path("role").asString("user");
    boolean open = field.equals("messages") && (role.equals("assistant") || role.equals("tool"));
    return open ? list.add(json("{'role':'user','content':'Hi'}")) : list;
  }

  private static List<JsonNode> kinds(JsonNode schema) {
    List<JsonNode> kinds = new ArrayList<>();
    schema.path("anyOf").forEach(kinds::add);
    return kinds.isEmpty() ? List.of(schema) : kinds;
  }

  private static ObjectNode object(String type) {
    String known = OBJECTS.get(type);
    if (known != null) {
      return (ObjectNode) json(known);
    }
    ObjectNode object = JsonMapper.shared().createObjectNode();
    for (JsonNode field : schema(type).path("required")) {
      String name = field.asString();
      object.set(name, value(type, name, schema(type).path("properties").path(name)));
    }
    return object;
  }

  private static JsonNode value(String type, String field, JsonNode schema) {
    String known = VALUES.getOrDefault(type + "." + field, VALUES.get(field));
    if (known != null && !(field.equals("schema") && !schema.toString().contains("object"))) {
      return json(known);
    }
    JsonNode kind = kinds(schema).getFirst();
    if (kind.has("$ref")) {
      return object(name(kind));
    }
    if (kind.path("enum").isArray()) {
      return kind.path("enum").get(0);
    }
    String first = kind.path("type").toString();
    return first.contains("boolean")
        ? json("false")
        : first.contains("integer") || first.contains("number")
            ? json("1")
            : first.contains("array")
                ? JsonMapper.shared()
                    .createArrayNode()
                    .add(value(type, field + "[]", kind.path("items")))
                : first.contains("object") ? json("{}") : json("'x'");
  }

  private static boolean says(JsonNode schema, String what) {
    return schema.path("description").asString("").contains(what);
  }

  @Test
  void eachFieldIsTaken() {
    List<String> wrong = new ArrayList<>();
    for (Place place : places()) {
      JsonNode value = value(place.type, place.field, place.schema);
      HttpResponse<String> answer = place.ask(value);
      String told = place.told(value) + ": " + answer.body();
      String ignored = answer.headers().firstValue(IGNORED).orElse("");
      boolean routed = says(place.schema, "upstreams") && !ignored.isEmpty();
      if (OTHERWISE.matcher(answer.body()).find()) {
        continue;
      }
      if (answer.statusCode() != (says(place.schema, "Refused") ? 400 : 200)
          || !ignored.equals(routed ? place.field : "")) {
        wrong.add(told + " " + ignored);
      }
    }
    assertThat(wrong).isEmpty();
  }

  @Test
  void wrongValuesAreRefused() {
    SchemaRegistry registry = SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12);
    List<String> wrong = new ArrayList<>();
    int refused = 0;
    for (Place place : places()) {
      ObjectNode whole = (ObjectNode) place.schema.deepCopy();
      whole.putObject("components").set("schemas", DOCUMENT.at("/components/schemas"));
      Schema schema = registry.getSchema(whole.toString(), InputFormat.JSON);
      List<String> values = new ArrayList<>(List.of("7", "'no word'", "true", "{}", "[]", "[7]"));
      for (JsonNode kind : kinds(place.schema)) {
        if (kind.has("maximum")) {
          values.add(Long.toString(kind.path("maximum").asLong() + 1));
          values.add(Long.toString((long) Math.floor(kind.path("minimum").asDouble()) - 1));
        }
        JsonNode most = kind.path("maxItems");
        if (most.isNumber() && most.asInt() <= 100) {
          String item = kinds(kind.path("items")).getFirst().has("$ref") ? "{}" : "'a'";
          values.add("[" + item + ("," + item).repeat(most.asInt()) + "]");
        }
      }
      for (String text : values) {
        JsonNode value = json(text);
        if (schema.validate(value.toString(), InputFormat.JSON).isEmpty()) {
          continue;
        }
        HttpResponse<String> answer = place.ask(value);
        boolean told = answer.statusCode() / 100 == 4 && answer.body().contains(place.field);
        if (!told) {
          wrong.add(place.told(value) + ": " + answer.body());
        }
        refused++;
      }
    }
    assertThat(wrong).isEmpty();
    assertThat(refused).isGreaterThan(500);
  }

  @Test
  void noFieldIsLeftOut() throws IOException {
    Set<String> names = new TreeSet<>(List.of("frequency_penalty", "user"));
    Path sources = Path.of("src/main/java/io/hadal/server/wire");
    try (Stream<Path> files = Files.list(sources)) {
      for (Path file : files.toList()) {
        Pattern.compile("\"([a-z][a-z_0-9]{0,40})\"")
            .matcher(Files.readString(file))
            .results()
            .map((MatchResult found) -> found.group(1))
            .forEach(names::add);
      }
    }
    names.addAll(names.stream().map(name -> "guided_" + name).toList());
    DOCUMENT
        .at("/components/schemas")
        .forEach(type -> names.addAll(type.path("properties").propertyNames()));
    List<String> all = List.copyOf(names);
    assertThat(all).hasSizeGreaterThan(500);
    for (Map.Entry<String, String> one : LEAST.entrySet()) {
      String path = one.getKey();
      if (path.contains("_tokens") || path.equals("/api/show")) {
        // They take the requests of others, and say nothing of what they do not know.
        continue;
      }
      JsonNode properties =
          schema(name(DOCUMENT.path("paths").path(path).at(BODY))).path("properties");
      Set<String> known = new TreeSet<>();
      for (int from = 0; from < all.size(); from += 30) {
        List<String> some = all.subList(from, Math.min(all.size(), from + 30));
        ObjectNode body = (ObjectNode) json(one.getValue());
        // Null is as good as absent, but for fields that nobody looks at.
        some.stream().filter(name -> !body.has(name)).forEach(body::putNull);
        HttpResponse<String> answer = SERVER.post(path, body.toString());
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        known.addAll(some);
        answer
            .headers()
            .firstValue(IGNORED)
            .ifPresent(ignored -> known.removeAll(Arrays.asList(ignored.split(","))));
      }
      Set<String> described = new TreeSet<>(properties.propertyNames());
      described.remove("provider");
      assertThat(known).as(path).isEqualTo(described);
    }
  }
}
