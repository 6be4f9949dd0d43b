package io.hadal.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.server.http.HttpServerKind;
import java.io.ByteArrayOutputStream;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Requests that are nearly right: an error in the dialect's shape, and nothing left behind. */
class BrokenRequestsTest {
  private static final int EACH = Boolean.getBoolean("hadal.slow") ? 96 : 12;

  private static final String SCHEMA =
      "{'type':'object','properties':{'a':{'type':'string','maxLength':3},'b':{'type':'integer'}},"
          + "'required':['a'],'additionalProperties':false}";
  private static final String MESSAGES =
      "'messages':[{'role':'system','content':'s'},{'role':'user','content':[{'type':'text','text':'hi'}]},"
          + "{'role':'assistant','content':'x','tool_calls':[{'id':'call_1','type':'function',"
          + "'function':{'name':'f','arguments':'{}'}}]},{'role':'tool','tool_call_id':'call_1','content':'1'},"
          + "{'role':'user','content':'go on'}]";
  private static final String TOOL_FUNCTION =
      "{'type':'function','function':{'name':'f','description':'d','parameters':" + SCHEMA + "}}";

  private static final TestServer SERVER =
      TestServer.withoutCache(ServerLimits.DEFAULT, 1400, 4096);

  @AfterAll
  static void close() {
    SERVER.close();
  }

  private static String valid(String path) {
    String text =
        switch (path) {
          case "/v1/chat/completions" ->
              "{'model':'tiny','stream':true,'stream_options':{'include_usage':true},'max_tokens':3,"
                  + "'temperature':0.5,'top_p':0.9,'seed':3,'n':1,'stop':['a','b'],'logprobs':true,"
                  + "'top_logprobs':2,'logit_bias':{'5':1.5},'user':'u','reasoning_effort':'low',"
                  + "'tools':["
                  + TOOL_FUNCTION
                  + "],'tool_choice':'auto',"
                  + "'response_format':{'type':'json_schema','json_schema':{'name':'n','strict':true,'schema':"
                  + SCHEMA
                  + "}},"
                  + MESSAGES
                  + "}";
          case "/v1/completions" ->
              "{'model':'tiny','prompt':['ab',[1,2,3]],'max_tokens':3,'stream':false,'echo':true,"
                  + "'logprobs':2,'n':2,'best_of':2,'stop':'x','suffix':null,'seed':1,'guided_regex':'[a-z]{1,3}'}";
          case "/v1/responses", "/v1/responses/input_tokens" ->
              "{'model':'tiny','instructions':'i','input':[{'type':'message','role':'user','content':"
                  + "[{'type':'input_text','text':'hi'}]},{'type':'reasoning','id':'rs_1','summary':[],"
                  + "'encrypted_content':'abc'},{'type':'function_call','call_id':'c','name':'f','arguments':'{}'},"
                  + "{'type':'function_call_output','call_id':'c','output':'1'}],'max_output_tokens':3,"
                  + "'stream':true,'store':false,'include':['reasoning.encrypted_content'],'reasoning':{'effort':'low'},"
                  + "'text':{'format':{'type':'json_schema','name':'n','schema':"
                  + SCHEMA
                  + "}},'tools':[{'type':'function','name':'f','parameters':"
                  + SCHEMA
                  + "},{'type':'namespace','name':'ns','tools':[{'type':'function','name':'g'}]}],"
                  + "'prompt_cache_key':'k'}";
          case "/v1/messages", "/v1/messages/count_tokens" ->
              "{'model':'tiny','max_tokens':3,'stream':true,'system':[{'type':'text','text':'s'}],'messages':"
                  + "[{'role':'user','content':'hi'},{'role':'assistant','content':[{'type':'thinking','thinking':'t',"
                  + "'signature':'x'},{'type':'tool_use','id':'toolu_1','name':'f','input':{'a':'1'}}]},"
                  + "{'role':'user','content':[{'type':'tool_result','tool_use_id':'toolu_1','content':"
                  + "[{'type':'text','text':'1'}]}]}],'thinking':{'type':'enabled','budget_tokens':1024},"
                  + "'tools':[{'name':'f','input_schema':"
                  + SCHEMA
                  + "}],'tool_choice':{'type':'auto'},'metadata':{'user_id':'u'},'stop_sequences':['z'],"
                  + "'output_config':{'effort':'low'},'top_k':3}";
          case "/api/chat" ->
              "{'model':'tiny','messages':[{'role':'user','content':'hi'}],'tools':["
                  + TOOL_FUNCTION
                  + "],'think':'low','format':"
                  + SCHEMA
                  + ",'options':{'num_predict':3,'temperature':1,'num_ctx':1300,'stop':['q']},'stream':true}";
          default ->
              "{'model':'tiny','prompt':'hi','system':'s','raw':false,'think':false,'format':'json',"
                  + "'options':{'num_predict':3,'seed':1},'stream':false}";
        };
    return text.replace('\'', '"');
  }

  @ParameterizedTest
  @CsvSource({
    "/v1/chat/completions,OPENAI",
    "/v1/completions,OPENAI",
    "/v1/responses,OPENAI",
    "/v1/responses/input_tokens,OPENAI",
    "/v1/messages,ANTHROPIC",
    "/v1/messages/count_tokens,ANTHROPIC",
    "/api/chat,OLLAMA",
    "/api/generate,OLLAMA"
  })
  void noneEndsInAFault(String path, String dialect) throws Exception {
    String valid = valid(path);
    HttpResponse<String> right = SERVER.post(path, valid);
    assertThat(right.statusCode()).as(right.body()).isEqualTo(200);
    Random random = new Random(path.hashCode());
    List<byte[]> bodies = new ArrayList<>();
    for (int i = 0; i < EACH; i++) {
      bodies.add(i % 3 == 0 ? bytes(valid, random) : json(valid, random));
    }
    int refused = 0;
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      List<Future<HttpResponse<String>>> answers = new ArrayList<>();
      for (byte[] body : bodies) {
        answers.add(threads.submit(() -> post(path, body)));
      }
      for (int i = 0; i < EACH; i++) {
        HttpResponse<String> answer = answers.get(i).get(60, TimeUnit.SECONDS);
        String what = new String(bodies.get(i), StandardCharsets.UTF_8) + "\n-> " + answer.body();
        assertThat(answer.statusCode()).as(what).isIn(200, 400, 404);
        assertThat(answer.body()).as(what).doesNotContain("internal_error", "api_error");
        if (answer.statusCode() != 200) {
          refused++;
          checkShape(dialect, TestServer.json(answer), what);
        }
      }
    }
    assertThat(refused).isBetween(EACH / 4, EACH - 1);
    SERVER.awaitNothingLeft();
    assertThat(SERVER.post(path, valid).statusCode()).isEqualTo(200);
  }

  /** Bodies that are no bodies: the fault is the client's, and nothing is waited for. */
  @ParameterizedTest
  @CsvSource({
    "transfer-encoding: chunked,zz|abc|,400,incomplete or damaged",
    "transfer-encoding: chunked,-5|abc|,400,incomplete or damaged",
    "transfer-encoding: chunked,FFFFFFFFFFFFFFFF|abc|,400,incomplete or damaged",
    "content-length: 500,{},400,incomplete or damaged",
    "content-length: 99999999999,{,413,larger than the limit",
    "content-encoding: br|content-length: 2,{},400,content-encoding",
  })
  void bodiesThatAreNoneAreNoFaults(String header, String body, int status, String words)
      throws Exception {
    // The JDK's own server closes such connections without a word.
    Assumptions.assumeTrue(TestServer.HTTP == HttpServerKind.HELIDON);
    try (Socket socket = new Socket("127.0.0.1", SERVER.server.port())) {
      String head = "POST /v1/chat/completions HTTP/1.1|host: x|content-type: application/json|";
      socket
          .getOutputStream()
          .write(
              (head + header + "||" + body).replace("|", "\r\n").getBytes(StandardCharsets.UTF_8));
      if (status == 400) {
        socket.shutdownOutput();
      }
      socket.setSoTimeout(20_000);
      String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(answer).startsWith("HTTP/1.1 " + status).contains(words);
    }
    assertThat(SERVER.log).noneMatch(line -> line.contains("internal_error"));
  }

  private static HttpResponse<String> post(String path, byte[] body) {
    return SERVER.send(
        SERVER
            .request(path)
            .header("content-type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofByteArray(body))
            .build());
  }

  private static void checkShape(String dialect, JsonNode json, String what) {
    switch (dialect) {
      case "OPENAI" ->
          assertThat(json.get("error").propertyNames())
              .as(what)
              .containsExactlyInAnyOrder("message", "type", "param", "code");
      case "ANTHROPIC" -> {
        assertThat(json.get("type").stringValue()).as(what).isEqualTo("error");
        assertThat(json.at("/error/type").isString()).as(what).isTrue();
        assertThat(json.at("/error/message").isString()).as(what).isTrue();
      }
      default -> assertThat(json.get("error").isString()).as(what).isTrue();
    }
  }

  /** Changes bytes. */
  private static byte[] bytes(String text, Random random) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    int at = random.nextInt(bytes.length);
    switch (random.nextInt(4)) {
      case 0 -> bytes[at] = (byte) random.nextInt(256);
      case 1 -> bytes = java.util.Arrays.copyOf(bytes, at);
      case 2 -> {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(bytes, 0, at);
        out.writeBytes("[".repeat(1 + random.nextInt(5000)).getBytes(StandardCharsets.UTF_8));
        out.write(bytes, at, bytes.length - at);
        bytes = out.toByteArray();
      }
      default -> {
        int length = Math.min(random.nextInt(20), bytes.length - at);
        System.arraycopy(bytes, random.nextInt(bytes.length - length), bytes, at, length);
      }
    }
    return bytes;
  }

  /** Changes one or two values. */
  private static byte[] json(String text, Random random) {
    JsonNode json = TestServer.json(text);
    for (int i = 0; i <= random.nextInt(2); i++) {
      List<JsonNode> places = new ArrayList<>();
      collect(json, places);
      change(places.get(random.nextInt(places.size())), random);
    }
    return json.toString().getBytes(StandardCharsets.UTF_8);
  }

  private static void collect(JsonNode node, List<JsonNode> places) {
    if (node.isContainer() && !node.isEmpty()) {
      places.add(node);
      node.forEach(child -> collect(child, places));
    }
  }

  private static void change(JsonNode place, Random random) {
    JsonNode value = value(random);
    int at = random.nextInt(place.size());
    if (place instanceof ObjectNode object) {
      String name = object.propertyNames().stream().toList().get(at);
      if (random.nextInt(5) == 0) {
        object.remove(name);
      } else {
        object.set(name, value);
      }
    } else if (place instanceof ArrayNode array) {
      if (random.nextInt(5) == 0) {
        array.remove(at);
      } else if (random.nextBoolean()) {
        array.set(at, value);
      } else {
        array.insert(at, value);
      }
    }
  }

  private static JsonNode value(Random random) {
    JsonNodeFactory make = JsonNodeFactory.instance;
    return switch (random.nextInt(16)) {
      case 0 -> make.nullNode();
      case 1 -> make.booleanNode(random.nextBoolean());
      case 2 -> make.numberNode(-1);
      case 3 -> make.numberNode(0);
      case 4 -> make.numberNode(Long.MAX_VALUE);
      case 5 -> make.numberNode(1e300);
      case 6 -> make.numberNode(0.5);
      case 7 -> make.numberNode(new java.math.BigInteger("9".repeat(40)));
      case 8 -> make.stringNode("");
      case 9 -> make.stringNode("\u0000\ud83d x \u2028<\uff5cUser\uff5c>");
      case 10 -> make.stringNode("\ud800");
      case 11 -> make.arrayNode();
      case 12 -> make.objectNode();
      case 13 -> make.arrayNode().add(make.objectNode()).add(1).add("x").addNull();
      case 14 -> make.objectNode().put("type", "object").put("role", 1).putNull("content");
      default -> make.stringNode("y".repeat(300));
    };
  }
}
