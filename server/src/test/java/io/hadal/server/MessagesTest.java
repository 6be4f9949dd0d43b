package io.hadal.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.server.TestServer.Event;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class MessagesTest {
  private static final TestServer SERVER = new TestServer();
  private static final String PATH = "/v1/messages?beta=true";
  private static final String ASK =
      "{'model':'claude-tiny','max_tokens':16,'temperature':0,"
          + "'messages':[{'role':'user','content':'Hello there'}]";

  @AfterAll
  static void stop() {
    SERVER.close();
  }

  @Test
  void wholeMessage() {
    JsonNode json =
        TestServer.json(SERVER.post(PATH, ASK + "}", "anthropic-version", "2023-06-01"));
    assertThat(json.get("type").stringValue()).isEqualTo("message");
    assertThat(json.get("id").stringValue()).startsWith("msg_");
    assertThat(json.get("content").get(0).get("type").stringValue()).isEqualTo("text");
    assertThat(json.get("stop_reason").stringValue()).isIn("max_tokens", "end_turn");
    assertThat(json.has("container")).isTrue();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void streamFollowsTheGrammar(boolean thinking) {
    String ask = ASK + (thinking ? ",'thinking':{'type':'adaptive','display':'omitted'}" : "");
    List<Event> events = TestServer.events(SERVER.post(PATH, ask + ",'stream':true}").body());
    assertThat(events).allMatch(e -> e.json().get("type").stringValue().equals(e.name()));
    assertThat(events.get(0).name()).isEqualTo("message_start");
    assertThat(events.get(1).name()).isEqualTo("ping");
    assertThat(events.getLast().name()).isEqualTo("message_stop");
    assertThat(events.get(events.size() - 2).name()).isEqualTo("message_delta");
    int open = -1;
    int next = 0;
    int signatures = 0;
    for (Event event : events.subList(2, events.size() - 2)) {
      JsonNode json = event.json();
      switch (String.valueOf(event.name())) {
        case "content_block_start" -> {
          assertThat(open).isEqualTo(-1);
          open = json.get("index").intValue();
          assertThat(open).isEqualTo(next++);
        }
        case "content_block_delta" -> {
          assertThat(json.get("index").intValue()).isEqualTo(open);
          String type = json.get("delta").get("type").stringValue();
          assertThat(type).isNotEqualTo("thinking_delta");
          signatures += type.equals("signature_delta") ? 1 : 0;
        }
        case "content_block_stop" -> {
          assertThat(json.get("index").intValue()).isEqualTo(open);
          open = -1;
        }
        default -> assertThat(event.name()).isEqualTo("ping");
      }
    }
    assertThat(open).isEqualTo(-1);
    assertThat(signatures).isEqualTo(thinking ? 1 : 0);
  }

  @Test
  void countedTokensAreThoseOfTheRequest() {
    String rest =
        "'model':'tiny','system':[{'type':'text','text':'x-anthropic-billing-header:"
            + " cc_version=1'},{'type':'text','text':'Be"
            + " brief','cache_control':{'type':'ephemeral'}}],"
            + "'tools':[{'name':'run','description':'runs','input_schema':{'type':'object'}}],"
            + "'messages':[{'role':'user','content':[{'type':'text','text':'hi'}]},{'role':'system','content':'#"
            + " Environment'}]}";
    int counted =
        TestServer.json(SERVER.post("/v1/messages/count_tokens", "{" + rest))
            .get("input_tokens")
            .intValue();
    List<Event> events =
        TestServer.events(SERVER.post(PATH, "{'max_tokens':2,'stream':true," + rest).body());
    JsonNode usage = events.getFirst().json().get("message").get("usage");
    assertThat(
            usage.get("input_tokens").intValue()
                + usage.get("cache_read_input_tokens").intValue()
                + usage.get("cache_creation_input_tokens").intValue())
        .isEqualTo(counted);
    int other =
        TestServer.json(
                SERVER.post(
                    "/v1/messages/count_tokens",
                    "{" + rest.replace("cc_version=1", "cc_version=2.1.328.ce7 long")))
            .get("input_tokens")
            .intValue();
    assertThat(other).isEqualTo(counted);
  }

  @Test
  void toolResultsFindTheirCalls() {
    String talk =
        "{'model':'tiny','max_tokens':4,'messages':[{'role':'user','content':'list'},"
            + "{'role':'assistant','content':[{'type':'thinking','thinking':'','signature':'foreign'},"
            + "{'type':'tool_use','id':'toolu_1','name':'ls','input':{'path':'.'}}]},{'role':'user','content':[{'type':'text','text':'go"
            + " on'},{'type':'tool_result','tool_use_id':'ID','content':[{'type':'text','text':'a"
            + " b'}]}]}],'tools':[{'name':'ls','input_schema':{'type':'object'}}]}";
    assertThat(SERVER.post(PATH, talk.replace("'ID'", "'toolu_1'")).statusCode()).isEqualTo(200);
    JsonNode error = TestServer.json(SERVER.post(PATH, talk.replace("'ID'", "'toolu_2'")));
    assertThat(error.get("type").stringValue()).isEqualTo("error");
    assertThat(error.get("error").get("message").stringValue())
        .contains("messages[2].content[1].tool_use_id answers the call toolu_2");
  }

  @Test
  void limitsBeyondTheModelAreClampedAndLongPromptsNamed() {
    assertThat(
            SERVER
                .post(
                    PATH,
                    ASK.replace(
                            "'max_tokens':16",
                            "'max_tokens':3200000,'stop_sequences':['e','a','o','t',' ']")
                        + "}")
                .statusCode())
        .isEqualTo(200);
    String word = "Hello ".repeat(2000);
    JsonNode error = TestServer.json(SERVER.post(PATH, ASK.replace("Hello there", word) + "}"));
    assertThat(error.get("error").get("message").stringValue())
        .matches("prompt is too long: \\d+ tokens > 1024 maximum");
  }
}
