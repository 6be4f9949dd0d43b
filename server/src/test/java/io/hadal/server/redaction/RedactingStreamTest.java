package io.hadal.server.redaction;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.formats.Json;
import io.hadal.platform.redaction.Redaction;
import io.hadal.platform.redaction.RedactionMode;
import io.hadal.platform.redaction.Redactor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Streams of all dialects, with texts cut at every place. */
class RedactingStreamTest {
  private static final String VALUE = "ada@example.org";
  private static final String SAID = "Mail <EMAIL_1> \uD83D\uDE00 & <EMAIL_2, not <EMAIL_1>!";
  private static final String MEANT =
      "Mail " + VALUE + " \uD83D\uDE00 & <EMAIL_2, not " + VALUE + "!";

  private static AnswerRules rules(RedactionMode answers) {
    Redaction request = Redactor.standard().begin(RedactionMode.PSEUDONYMISE);
    assertThat(request.apply(VALUE)).isEqualTo("<EMAIL_1>");
    return new AnswerRules(request, Redactor.standard(), answers, false);
  }

  private static ObjectNode json(String text) {
    return (ObjectNode) Json.parse(text.replace('\'', '"').getBytes(StandardCharsets.UTF_8), "t");
  }

  /** What the client gets of a stream that is written in pieces of some length. */
  private static String sent(String stream, int piece, boolean lines, RedactionMode answers)
      throws IOException {
    AnswerRules rules = rules(answers);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (RedactingStream redacting =
        new RedactingStream(out, lines, rules, RedactingStreamTest::refusal, seen -> {})) {
      byte[] bytes = stream.getBytes(StandardCharsets.UTF_8);
      for (int at = 0; at < bytes.length; at += piece) {
        redacting.write(bytes, at, Math.min(piece, bytes.length - at));
      }
    }
    return out.toString(StandardCharsets.UTF_8);
  }

  /** By the number of its event, where events have numbers. */
  private static String refusal(long number) {
    return number == 0 ? "data: refused\n\n" : "data: {\"sequence_number\":" + number + "}\n\n";
  }

  private static List<JsonNode> events(String stream) {
    List<JsonNode> events = new ArrayList<>();
    for (String line : stream.split("\n")) {
      String data = line.startsWith("data: ") ? line.substring(6) : line;
      if (data.startsWith("{")) {
        events.add(Json.parse(data.getBytes(StandardCharsets.UTF_8), "event"));
      }
    }
    return events;
  }

  private static String joined(List<JsonNode> events, String pointer) {
    StringBuilder text = new StringBuilder();
    events.forEach(event -> text.append(event.at(pointer).asString("")));
    return text.toString();
  }

  /** A text in two pieces, cut at a place that is no half of a character. */
  private static List<String> cut(String text, int at) {
    int place = Character.isLowSurrogate(text.charAt(at)) ? at + 1 : at;
    return List.of(text.substring(0, place), text.substring(place));
  }

  private static String chat(String delta, String finish) {
    return "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,"
        + "\"delta\":"
        + delta
        + ",\"finish_reason\":"
        + finish
        + "}]}\n\n";
  }

  private static String object(String field, String text) {
    return JsonNodeFactory.instance.objectNode().put(field, text).toString();
  }

  private static String tool(String json) {
    ObjectNode delta = JsonNodeFactory.instance.objectNode();
    delta
        .putArray("tool_calls")
        .addObject()
        .put("index", 0)
        .putObject("function")
        .put("arguments", json);
    return delta.toString();
  }

  @Test
  void chatCompletions() throws IOException {
    String arguments = "{\"to\":\"<EMAIL_1>\",\"cc\":\"\\u003cEMAIL_1\\u003e\"}";
    for (int at = 0; at < SAID.length(); at++) {
      StringBuilder stream = new StringBuilder(": hello\n\n");
      for (String field : new String[] {"reasoning_content", "content"}) {
        for (String piece : cut(SAID, at)) {
          stream.append(chat(object(field, piece), "null"));
        }
        // Ends in what could be a beginning.
        stream.append(chat(object(field, "<EMA"), "null"));
      }
      for (String piece : cut(arguments, Math.min(at, arguments.length() - 1))) {
        stream.append(chat(tool(piece), "null"));
      }
      stream.append(chat("{}", "\"stop\"")).append("data: [DONE]\n\n");
      String sent = sent(stream.toString(), 1 + at * 7, false, RedactionMode.OFF);
      List<JsonNode> events = events(sent);
      assertThat(joined(events, "/choices/0/delta/reasoning_content")).isEqualTo(MEANT + "<EMA");
      assertThat(joined(events, "/choices/0/delta/content")).isEqualTo(MEANT + "<EMA");
      assertThat(joined(events, "/choices/0/delta/tool_calls/0/function/arguments"))
          .isEqualTo("{\"to\":\"" + VALUE + "\",\"cc\":\"" + VALUE + "\"}");
      assertThat(events.getLast().at("/choices/0/finish_reason").asString()).isEqualTo("stop");
      assertThat(sent).startsWith(": hello\n\n").endsWith("data: [DONE]\n\n");
      // All of a thought comes before the answer.
      int thought = -1;
      int answer = Integer.MAX_VALUE;
      for (int i = 0; i < events.size(); i++) {
        thought = events.get(i).at("/choices/0/delta").has("reasoning_content") ? i : thought;
        boolean text = !events.get(i).at("/choices/0/delta/content").asString("").isEmpty();
        answer = text && i < answer ? i : answer;
      }
      assertThat(thought).isLessThan(answer);
    }
  }

  private static String named(ObjectNode event) {
    return "event: " + event.get("type").asString() + "\ndata: " + event + "\n\n";
  }

  private static ObjectNode block(int index, String type, String field, String text) {
    ObjectNode event = json("{'type':'content_block_delta','index':" + index + "}");
    event.putObject("delta").put("type", type).put(field, text);
    return event;
  }

  @Test
  void messages() throws IOException {
    String arguments = "{\"to\":\"<EMAIL_1>\"}";
    for (int at = 0; at < SAID.length(); at++) {
      StringBuilder stream = new StringBuilder();
      for (String piece : cut(SAID, at)) {
        stream.append(named(block(0, "thinking_delta", "thinking", piece)));
      }
      stream.append(named(block(0, "thinking_delta", "thinking", " <")));
      stream.append(named(block(0, "signature_delta", "signature", "c2ln")));
      stream.append(named(json("{'type':'content_block_stop','index':0}")));
      for (String piece : cut(SAID, at)) {
        stream.append(named(block(1, "text_delta", "text", piece)));
      }
      stream.append(named(block(1, "text_delta", "text", "<EMAIL_")));
      stream.append(named(json("{'type':'content_block_stop','index':1}")));
      for (String piece : cut(arguments, Math.min(at, arguments.length() - 1))) {
        stream.append(named(block(2, "input_json_delta", "partial_json", piece)));
      }
      stream.append(named(json("{'type':'content_block_stop','index':2}")));
      stream.append(named(json("{'type':'message_stop'}")));
      String sent = sent(stream.toString(), 1 + at * 5, false, RedactionMode.OFF);
      List<JsonNode> events = events(sent);
      assertThat(joined(events, "/delta/thinking")).isEqualTo(MEANT + " <");
      assertThat(joined(events, "/delta/text")).isEqualTo(MEANT + "<EMAIL_");
      assertThat(joined(events, "/delta/partial_json")).isEqualTo("{\"to\":\"" + VALUE + "\"}");
      // No piece of a block comes behind its end.
      Map<Integer, Boolean> ended = new TreeMap<>();
      for (JsonNode event : events) {
        int index = event.path("index").asInt(-1);
        assertThat(ended.getOrDefault(index, false)).isFalse();
        ended.put(index, event.path("type").asString().equals("content_block_stop"));
      }
      assertThat(sent.split("event: ").length - 1).isEqualTo(events.size());
    }
  }

  private static ObjectNode delta(String of, int sequence, String text) {
    return json("{'type':'" + of + ".delta','output_index':0,'content_index':0}")
        .put("sequence_number", sequence)
        .put("delta", text);
  }

  @Test
  void responses() throws IOException {
    for (int at = 0; at < SAID.length(); at++) {
      StringBuilder stream = new StringBuilder();
      int sequence = 0;
      for (String piece : cut(SAID, at)) {
        stream.append(named(delta("response.output_text", sequence++, piece)));
      }
      stream.append(named(delta("response.output_text", sequence++, "<EM")));
      ObjectNode done =
          json("{'type':'response.output_text.done','output_index':0,'content_index':0}");
      stream.append(named(done.put("sequence_number", sequence++).put("text", SAID + "<EM")));
      String arguments = "{\"to\":\"<EMAIL_1>\"}";
      for (String piece : cut(arguments, Math.min(at, arguments.length() - 1))) {
        stream.append(named(delta("response.function_call_arguments", sequence++, piece)));
      }
      ObjectNode last = json("{'type':'response.completed'}").put("sequence_number", sequence);
      last.putObject("response").putArray("output").addObject().put("arguments", arguments);
      stream.append(named(last));
      List<JsonNode> events = events(sent(stream.toString(), 64, false, RedactionMode.OFF));
      StringBuilder text = new StringBuilder();
      for (int i = 0; i < events.size(); i++) {
        assertThat(events.get(i).path("sequence_number").asInt()).isEqualTo(i);
        if (events.get(i).path("type").asString().equals("response.output_text.delta")) {
          text.append(events.get(i).path("delta").asString());
        }
      }
      assertThat(text.toString()).isEqualTo(MEANT + "<EM");
      assertThat(joined(events, "/text")).isEqualTo(MEANT + "<EM");
      assertThat(joined(events, "/response/output/0/arguments"))
          .isEqualTo("{\"to\":\"" + VALUE + "\"}");
    }
  }

  @Test
  void linesOfOllama() throws IOException {
    for (int at = 0; at < SAID.length(); at++) {
      StringBuilder stream = new StringBuilder();
      for (String piece : cut(SAID, at)) {
        ObjectNode line = json("{'model':'m','done':false}");
        line.putObject("message").put("role", "assistant").put("content", piece);
        stream.append(line).append('\n');
      }
      ObjectNode call = json("{'model':'m','done':false,'message':{'content':'<E'}}");
      ((ObjectNode) call.get("message"))
          .putArray("tool_calls")
          .addObject()
          .putObject("function")
          .putObject("arguments")
          .put("to", "<EMAIL_1>");
      stream.append(call).append('\n');
      stream.append(json("{'model':'m','done':true,'message':{'content':''}}")).append('\n');
      List<JsonNode> events = events(sent(stream.toString(), 33, true, RedactionMode.OFF));
      assertThat(joined(events, "/message/content")).isEqualTo(MEANT + "<E");
      assertThat(joined(events, "/message/tool_calls/0/function/arguments/to")).isEqualTo(VALUE);
      assertThat(events.getLast().path("done").asBoolean()).isTrue();
    }
  }

  @Test
  void whatTheModelSaysItselfIsMaskedOrEndsTheAnswer() throws IOException {
    String filler = "All of this is harmless. ".repeat(60);
    String said = filler + "Ask bob@example.net, not <EMAIL_1>. " + filler;
    StringBuilder stream = new StringBuilder();
    for (int at = 0; at < said.length(); at += 11) {
      String piece = said.substring(at, Math.min(said.length(), at + 11));
      stream.append(chat(object("content", piece), "null"));
    }
    stream.append(chat("{}", "\"stop\"")).append("data: [DONE]\n\n");
    String all = stream.toString();
    String masked = sent(all, 100, false, RedactionMode.MASK);
    String expected = filler + "Ask [EMAIL], not " + VALUE + ". " + filler;
    assertThat(joined(events(masked), "/choices/0/delta/content")).isEqualTo(expected);
    // It does not wait for the end.
    int half = all.lastIndexOf("\n\n", all.length() * 3 / 4) + 2;
    assertThat(
            joined(
                events(sent(all.substring(0, half), 100, false, RedactionMode.MASK)),
                "/choices/0/delta/content"))
        .isNotEmpty();
    assertThat(
            joined(events(sent(all, 100, false, RedactionMode.DETECT)), "/choices/0/delta/content"))
        .contains("bob@example.net");
    String blocked = sent(all, 100, false, RedactionMode.BLOCK);
    assertThat(blocked).endsWith("data: refused\n\n").doesNotContain("bob@", "[DONE]");
  }

  @Test
  void refusalsAreNumberedWhereEventsAre() throws IOException {
    StringBuilder stream = new StringBuilder();
    for (int i = 0; i < 40; i++) {
      String text = i == 30 ? "Ask bob@example.net now. " : "Nothing to see here. ";
      stream.append(named(delta("response.output_text", i, text)));
    }
    List<JsonNode> events = events(sent(stream.toString(), 64, false, RedactionMode.BLOCK));
    assertThat(events).hasSizeGreaterThan(10);
    for (int i = 0; i < events.size(); i++) {
      assertThat(events.get(i).path("sequence_number").asInt(-1)).isEqualTo(i);
    }
    assertThat(events.getLast().has("type")).isFalse();
  }
}
