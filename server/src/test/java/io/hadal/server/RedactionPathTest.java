package io.hadal.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.platform.tenancy.Identity;
import io.hadal.platform.tenancy.ProjectPolicy;
import io.hadal.platform.tenancy.Scope;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Redaction between a client, the gateway and what answers (platform specification, test 15). */
class RedactionPathTest {
  private static final String MAIL = "ada@example.org";
  private static final String PHONE = "415-555-2671";

  @TempDir private static Path folder;

  private static Gateway gateway;
  private static volatile ProjectPolicy policy = ProjectPolicy.DEFAULT;
  private ScriptedUpstream upstream = new ScriptedUpstream();

  @BeforeAll
  static void start() {
    gateway =
        new Gateway(
            folder,
            "upstreams: []",
            (key, address, project) ->
                new Identity(
                    "org",
                    "team",
                    "project",
                    "key",
                    null,
                    Set.of(Scope.INFERENCE),
                    List.of(),
                    policy));
  }

  @AfterAll
  static void stop() {
    gateway.close();
  }

  @BeforeEach
  void renew() {
    upstream = new ScriptedUpstream();
    gateway.gate.events.clear();
    gateway.configure("upstreams:\n" + Gateway.upstream("a", upstream.port(), ""));
  }

  @AfterEach
  void close() {
    upstream.close();
  }

  private static void policy(String json) {
    policy = ProjectPolicy.DEFAULT.with(JsonMapper.shared().readTree(json.replace('\'', '"')));
  }

  private static HttpResponse<String> post(String path, String body, String... headers) {
    return gateway.server.post(path, body, headers);
  }

  private static String sent(ScriptedUpstream to) {
    return to.requests.getLast().body();
  }

  private static String joined(HttpResponse<String> answer, String pointer) {
    StringBuilder text = new StringBuilder();
    for (TestServer.Event event : TestServer.events(answer.body())) {
      if (!event.data().equals("[DONE]")) {
        text.append(event.json().at(pointer).asString(""));
      }
    }
    return text.toString();
  }

  private static String tool(String arguments) {
    return "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,"
        + "\"id\":\"call_1\",\"type\":\"function\",\"function\":{\"name\":\"send\",\"arguments\":\""
        + arguments
        + "\"}}]},\"finish_reason\":null}]}\n\n";
  }

  @Test
  void placeholdersGoOutAndValuesComeBackInPieces() {
    policy("{'redaction':'pseudonymise'}");
    upstream.then(
        ScriptedUpstream.stream(
            ScriptedUpstream.ROLE,
            ScriptedUpstream.text("Mail <EM"),
            ScriptedUpstream.text("AIL"),
            ScriptedUpstream.text("_1> or call <PHO"),
            ScriptedUpstream.text("NE_1"),
            ScriptedUpstream.text(">!"),
            tool("{\\\"to\\\": \\\"<EMAI"),
            tool("L_1>\\\"}"),
            ScriptedUpstream.STOP,
            ScriptedUpstream.USAGE,
            ScriptedUpstream.DONE));
    HttpResponse<String> answer =
        post(
            "/v1/chat/completions",
            "{'model':'m','stream':true,'user':'"
                + MAIL
                + "','messages':[{'role':'system','content':'Be short.'},{'role':'user','content':"
                + "[{'type':'text','text':'Write to "
                + MAIL
                + " or call "
                + PHONE
                + "'}]}],'tools':[{'type':'function','function':{'name':'send',"
                + "'description':'Sends as "
                + MAIL
                + "'}}]}");
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    assertThat(sent(upstream))
        .doesNotContain(MAIL, PHONE, "415")
        .contains("Write to <EMAIL_1> or call <PHONE_1>", "Sends as <EMAIL_1>");
    assertThat(joined(answer, "/choices/0/delta/content"))
        .isEqualTo("Mail " + MAIL + " or call " + PHONE + "!");
    assertThat(joined(answer, "/choices/0/delta/tool_calls/0/function/arguments"))
        .isEqualTo("{\"to\": \"" + MAIL + "\"}");
    assertThat(answer.headers().firstValue("x-hadal-redacted")).hasValue("EMAIL=3, PHONE=1");
    assertThat(gateway.server.figures())
        .containsPattern("llm_redactions_total\\{direction=\"request\",kind=\"EMAIL\"\\} [1-9]")
        .doesNotContain(MAIL);
    assertThat(gateway.gate.events).hasSize(1);
  }

  @Test
  void wholeAnswersHaveTheirValuesToo() {
    policy("{'redaction':'pseudonymise'}");
    upstream.then(
        ScriptedUpstream.answer(
            200,
            "{\"id\":\"c\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\","
                + "\"content\":\"To <EMAIL_1>\",\"reasoning_content\":\"<EMAIL_1>?\","
                + "\"tool_calls\":[{\"id\":\"call_1\",\"type\":\"function\",\"function\":"
                + "{\"name\":\"send\",\"arguments\":\"{\\\"to\\\":\\\"<EMAIL_1>\\\"}\"}}]},"
                + "\"finish_reason\":\"tool_calls\"}],\"usage\":{\"prompt_tokens\":3,"
                + "\"completion_tokens\":4,\"total_tokens\":7}}"),
        ScriptedUpstream.answer(400, "{\"error\":{\"message\":\"<EMAIL_1> is no name\"}}"));
    String body = "{'model':'m','messages':[{'role':'user','content':'" + MAIL + "'}]}";
    JsonNode message = TestServer.json(post("/v1/chat/completions", body)).at("/choices/0/message");
    assertThat(message.path("content").asString()).isEqualTo("To " + MAIL);
    assertThat(message.path("reasoning_content").asString()).isEqualTo(MAIL + "?");
    assertThat(message.at("/tool_calls/0/function/arguments").asString())
        .isEqualTo("{\"to\":\"" + MAIL + "\"}");
    assertThat(post("/v1/chat/completions", body).body()).contains(MAIL + " is no name");
  }

  @Test
  void turnsOfAConversationHaveTheSameBeginning() {
    policy("{'redaction':'pseudonymise'}");
    upstream.then(ScriptedUpstream.good());
    String first =
        "{'role':'user','content':'I am "
            + MAIL
            + ", tell bob@example.net'},{'role':'assistant','content':'Done, "
            + MAIL
            + ".','tool_calls':[{'id':'call_1','type':'function','function':{'name':'f',"
            + "'arguments':'{\\'a\\':\\'bob@example.net\\'}'}}]}";
    String tail = "],'tools':[{'type':'function','function':{'name':'f'}}],'stream':true}";
    post("/v1/chat/completions", "{'model':'m','messages':[" + first + tail);
    post(
        "/v1/chat/completions",
        "{'model':'m','messages':["
            + first
            + ",{'role':'user','content':'And eve@example.com?'}"
            + tail);
    JsonNode one = TestServer.json(upstream.requests.get(0).body()).get("messages");
    JsonNode two = TestServer.json(upstream.requests.get(1).body()).get("messages");
    assertThat(one.get(0).path("content").asString()).isEqualTo("I am <EMAIL_1>, tell <EMAIL_2>");
    assertThat(one.get(1).at("/tool_calls/0/function/arguments").asString())
        .isEqualTo("{\"a\":\"<EMAIL_2>\"}");
    for (int i = 0; i < one.size(); i++) {
      assertThat(two.get(i)).isEqualTo(one.get(i));
    }
    assertThat(two.get(2).path("content").asString()).isEqualTo("And <EMAIL_3>?");
  }

  @ParameterizedTest
  @CsvSource({
    "/v1/chat/completions, invalid_request_error",
    "/v1/completions, invalid_request_error",
    "/v1/responses, invalid_request_error",
    "/v1/responses/input_tokens, invalid_request_error",
    "/v1/messages, invalid_request_error",
    "/v1/messages/count_tokens, invalid_request_error",
    "/v1/embeddings, invalid_request_error",
    "/api/chat, ''",
    "/api/generate, ''",
    "/api/embed, ''"
  })
  void blockRefusesInEachDialectAndNamesKindsOnly(String path, String type) {
    policy("{'redaction':'block','redaction_words':{'CODE_NAME':['Blue Heron']}}");
    String text = "'Mail " + MAIL + " on blue heron'";
    for (String model : List.of("tiny", "m")) {
      HttpResponse<String> answer =
          post(
              path,
              "{'model':'"
                  + model
                  + "','max_tokens':4,'messages':[{'role':'user','content':"
                  + text
                  + "}],'prompt':"
                  + text
                  + ",'input':"
                  + text
                  + "}");
      assertThat(answer.statusCode()).as(answer.body()).isEqualTo(400);
      assertThat(answer.body()).contains("CODE_NAME, EMAIL").doesNotContain(MAIL, "eron");
      JsonNode error = TestServer.json(answer).path("error");
      assertThat(error.path("type").asString("")).isEqualTo(type);
    }
    assertThat(gateway.gate.events).isEmpty();
    assertThat(upstream.requests).isEmpty();
  }

  @Test
  void aRequestMayAskForMoreAndNotForLess() {
    policy("{'redaction':'mask'}");
    upstream.then(ScriptedUpstream.good());
    String body =
        "{'model':'m','stream':true,'messages':[{'role':'user','content':'" + MAIL + "'}]}";
    for (String asked : List.of("off", "detect", "pseudonymise")) {
      assertThat(post("/v1/chat/completions", body, "x-hadal-redaction", asked).statusCode())
          .isEqualTo(200);
      assertThat(sent(upstream)).contains("[EMAIL]").doesNotContain(MAIL);
    }
    assertThat(post("/v1/chat/completions", body, "x-hadal-redaction", "block").statusCode())
        .isEqualTo(400);
    assertThat(post("/v1/chat/completions", body, "x-hadal-redaction", "none").body())
        .contains("x-hadal-redaction must be");
    policy = ProjectPolicy.DEFAULT;
    post("/v1/chat/completions", body);
    assertThat(sent(upstream)).contains(MAIL);
    post("/v1/chat/completions", body, "x-hadal-redaction", "pseudonymise");
    assertThat(sent(upstream)).contains("<EMAIL_1>").doesNotContain(MAIL);
    policy("{'redaction':'detect'}");
    HttpResponse<String> seen = post("/v1/chat/completions", body);
    assertThat(sent(upstream)).contains(MAIL);
    assertThat(seen.headers().firstValue("x-hadal-redacted")).hasValue("EMAIL=1");
  }

  @Test
  void numbersOfCallsAndNotesOfClientsAreLookedAt() {
    policy("{'redaction':'pseudonymise'}");
    upstream.then(ScriptedUpstream.good());
    post(
        "/v1/chat/completions",
        """
        {'model':'m','stream':true,'user':'ann','metadata':{'id':'123-45-6789','status':'4111-1111-1111-1111'},
         'messages':[{'role':'user','content':'Pay'},
          {'role':'assistant','content':null,'tool_calls':[{'id':'call_1','type':'function',
           'function':{'name':'pay','arguments':'{\\"card\\":4111111111111111,\\"cents\\":4200}'}}]},
          {'role':'tool','tool_call_id':'call_1','content':'done'}]}
        """);
    assertThat(sent(upstream))
        .contains("<CARD_1>", "<SSN_1>", "call_1", "4200")
        .doesNotContain("4111", "123-45");
    assertThat(gateway.gate.events.getLast().work().endUser()).isNotEmpty();
  }

  @Test
  void whatCannotBeReadIsNotSent() {
    policy("{'redaction':'pseudonymise'}");
    for (String body :
        List.of(
            "{'model':'m','messages':[{'role':'user','content':'" + MAIL + "'}],'messages':[]}",
            "{'model':'m','messages':[{'role':'user','content':'" + MAIL + "'}]")) {
      HttpResponse<String> answer = post("/v1/chat/completions", body);
      assertThat(answer.statusCode()).isEqualTo(400);
      assertThat(answer.body()).contains("invalid_json").doesNotContain(MAIL);
    }
    assertThat(post("/v1/completions", "{'model':'tiny','prompt':[1,2,3]}").body())
        .contains("tokens cannot be read");
    assertThat(post("/v1/embeddings", "{'model':'tiny','input':[[1,2],[3]]}").body())
        .contains("tokens cannot be read");
    assertThat(upstream.requests).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void modelsOfThisProcessSeeNoValuesEither(boolean stream) {
    String body =
        "{'model':'tiny','echo':true,'max_tokens':3,'temperature':0,'stream':"
            + stream
            + ",'prompt':'Mail "
            + MAIL
            + "'}";
    String pointer = "/choices/0/text";
    policy("{'redaction':'mask'}");
    HttpResponse<String> masked = post("/v1/completions", body);
    String text = stream ? joined(masked, pointer) : TestServer.json(masked).at(pointer).asString();
    assertThat(text).startsWith("Mail [EMAIL]");
    policy("{'redaction':'pseudonymise'}");
    HttpResponse<String> restored = post("/v1/completions", body);
    text = stream ? joined(restored, pointer) : TestServer.json(restored).at(pointer).asString();
    assertThat(text).startsWith("Mail " + MAIL);
    // What the model has seen is shorter than the placeholder's value would make it seem.
    assertThat(gateway.gate.events).hasSize(2);
  }

  @Test
  void messagesOfAnotherDialectComeBackRestored() {
    policy("{'redaction':'pseudonymise'}");
    upstream.then(
        ScriptedUpstream.stream(
            ScriptedUpstream.ROLE,
            ScriptedUpstream.text("Mail <EMAIL"),
            ScriptedUpstream.text("_1>"),
            tool("{\\\"to\\\": \\\"<EMAI"),
            tool("L_1>\\\"}"),
            ScriptedUpstream.STOP,
            ScriptedUpstream.USAGE,
            ScriptedUpstream.DONE));
    HttpResponse<String> answer =
        post(
            "/v1/messages",
            "{'model':'m','max_tokens':9,'stream':true,'system':'I am "
                + MAIL
                + "','messages':[{'role':'user','content':'Hi'},{'role':'assistant','content':"
                + "[{'type':'tool_use','id':'toolu_1','name':'send','input':{'"
                + MAIL
                + "':['"
                + MAIL
                + "']}}]},{'role':'user','content':[{'type':'tool_result','tool_use_id':'toolu_1',"
                + "'content':'sent to "
                + MAIL
                + "'}]}]}");
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    assertThat(sent(upstream)).doesNotContain(MAIL).contains("<EMAIL_1>", "sent to <EMAIL_1>");
    assertThat(joined(answer, "/delta/text")).isEqualTo("Mail " + MAIL);
    assertThat(joined(answer, "/delta/partial_json")).isEqualTo("{\"to\": \"" + MAIL + "\"}");
  }

  @Test
  void answersAreLookedAtWhenThePolicySaysSo() {
    String secret = "ghp_a8Dk20sLq7Zx91mVb3Tn64RyEw5Uc0HjPiO2";
    String body = "{'model':'m','stream':false,'messages':[{'role':'user','content':'Hi'}]}";
    List<ScriptedUpstream.Reply> replies = new ArrayList<>();
    String whole =
        "{\"id\":\"c\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":"
            + "\"It is "
            + secret
            + ".\"},\"finish_reason\":\"stop\",\"logprobs\":{\"content\":[]}}],\"usage\":"
            + "{\"prompt_tokens\":3,\"completion_tokens\":4,\"total_tokens\":7}}";
    ScriptedUpstream.Reply streamed =
        ScriptedUpstream.stream(
            ScriptedUpstream.ROLE,
            ScriptedUpstream.text("It is " + secret.substring(0, 20)),
            ScriptedUpstream.text(secret.substring(20) + "."),
            ScriptedUpstream.STOP,
            ScriptedUpstream.USAGE,
            ScriptedUpstream.DONE);
    for (int i = 0; i < 2; i++) {
      replies.add(ScriptedUpstream.answer(200, whole));
      replies.add(streamed);
    }
    upstream.then(replies.toArray(ScriptedUpstream.Reply[]::new));
    policy("{'redaction_answers':'mask'}");
    JsonNode masked = TestServer.json(post("/v1/chat/completions", body));
    assertThat(masked.at("/choices/0/message/content").asString()).isEqualTo("It is [SECRET].");
    assertThat(masked.at("/choices/0/logprobs").isNull()).isTrue();
    String streams = body.replace("'stream':false", "'stream':true");
    assertThat(joined(post("/v1/chat/completions", streams), "/choices/0/delta/content"))
        .isEqualTo("It is [SECRET].");
    policy("{'redaction_answers':'block'}");
    HttpResponse<String> blocked = post("/v1/chat/completions", body);
    assertThat(blocked.statusCode()).isEqualTo(400);
    assertThat(blocked.body()).contains("SECRET", "redaction_blocked").doesNotContain(secret);
    HttpResponse<String> cut = post("/v1/chat/completions", streams);
    assertThat(cut.body()).contains("redaction_blocked").doesNotContain("ghp_", "[DONE]");
    // It was answered, so it is paid for, once each.
    assertThat(gateway.gate.events).hasSize(4);
  }
}
