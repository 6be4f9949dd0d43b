package io.hadal.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.server.TestServer.Event;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class ResponsesTest {
  private static final TestServer SERVER = new TestServer();
  private static final String PATH = "/v1/responses";

  @AfterAll
  static void stop() {
    SERVER.close();
  }

  @Test
  void streamFollowsTheGrammar() {
    String ask =
        "{'model':'tiny','input':'Hello','max_output_tokens':16,'stream':true,'store':false,"
            + "'reasoning':{'effort':'high','summary':'auto'},'include':['reasoning.encrypted_content']}";
    List<Event> events = TestServer.events(SERVER.post(PATH, ask).body());
    assertThat(events.get(0).name()).isEqualTo("response.created");
    assertThat(events.get(0).json().get("response").get("created_at").isNumber()).isTrue();
    assertThat(events.get(1).name()).isEqualTo("response.in_progress");
    assertThat(events.getLast().name()).isIn("response.completed", "response.incomplete");
    boolean open = false;
    int index = 0;
    StringBuilder delta = new StringBuilder();
    for (int i = 0; i < events.size(); i++) {
      Event event = events.get(i);
      JsonNode json = event.json();
      assertThat(json.get("type").stringValue()).isEqualTo(event.name());
      assertThat(json.get("sequence_number").intValue()).isEqualTo(i);
      switch (String.valueOf(event.name())) {
        case "response.output_item.added" -> {
          assertThat(open).isFalse();
          open = true;
          delta.setLength(0);
          assertThat(json.get("output_index").intValue()).isEqualTo(index);
        }
        case "response.output_text.delta", "response.reasoning_text.delta" -> {
          assertThat(open).isTrue();
          delta.append(json.get("delta").stringValue());
        }
        case "response.output_text.done", "response.reasoning_text.done" ->
            assertThat(json.get("text").stringValue()).isEqualTo(delta.toString());
        case "response.output_item.done" -> {
          assertThat(open).isTrue();
          open = false;
          index++;
        }
        default -> {}
      }
    }
    assertThat(open).isFalse();
    JsonNode response = events.getLast().json().get("response");
    assertThat(response.get("output").size()).isEqualTo(index);
    JsonNode usage = response.get("usage");
    assertThat(usage.get("total_tokens").intValue())
        .isEqualTo(usage.get("input_tokens").intValue() + usage.get("output_tokens").intValue());
  }

  @Test
  void aStatelessToolLoopGoesRound() {
    String first =
        "{'model':'tiny','max_output_tokens':8,'input':'Hello','include':"
            + "['reasoning.encrypted_content'],'reasoning':{'effort':'low'},'temperature':0}";
    JsonNode response = TestServer.json(SERVER.post(PATH, first));
    JsonNode reasoning = response.get("output").get(0);
    assertThat(reasoning.get("type").stringValue()).isEqualTo("reasoning");
    String sealed = reasoning.get("encrypted_content").stringValue();
    String loop =
        "{'model':'tiny','max_output_tokens':4,'reasoning':{'effort':'low'},'tools':[{'type':'function','name':'exec',"
            + "'parameters':{'type':'object'}},{'type':'namespace','name':'agents','tools':"
            + "[{'type':'function','name':'close'}]},{'type':'web_search'}],'input':["
            + "{'type':'message','role':'developer','content':[{'type':'input_text','text':'rules'}]},"
            + "{'role':'user','content':'go'},"
            + "{'type':'reasoning','id':'rs_1','summary':[],'encrypted_content':'SEALED'},"
            + "{'type':'function_call','call_id':'call_1','name':'exec','arguments':'{}'},"
            + "{'type':'function_call','call_id':'call_2','namespace':'agents','name':'close',"
            + "'arguments':'{}'},{'type':'function_call_output','call_id':'call_2','output':'b'},"
            + "{'type':'function_call_output','call_id':'call_1','output':'a'}]}";
    int own = tokens(loop.replace("SEALED", sealed));
    int foreign = tokens(loop.replace("SEALED", "gAAAAABforeign"));
    assertThat(own).isGreaterThan(foreign);
    var answer = SERVER.post(PATH, loop.replace("SEALED", sealed));
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.headers().firstValue("x-hadal-ignored-params"))
        .hasValue("tools[2].web_search");
    JsonNode error =
        TestServer.json(
            SERVER.post(
                PATH, loop.replace("'call_id':'call_1','output'", "'call_id':'call_9','output'")));
    assertThat(error.get("error").get("code").stringValue()).isEqualTo("tool_call_not_found");
  }

  private static int tokens(String ask) {
    return TestServer.json(SERVER.post(PATH, ask)).get("usage").get("input_tokens").intValue();
  }
}
