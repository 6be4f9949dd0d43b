package io.hadal.platform.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import io.hadal.platform.rollout.Observation.Check;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AnswersTest {
  private static final String REQUEST =
      "{'tools':[{'type':'function','function':{'name':'f','parameters':{'type':'object',"
          + "'properties':{'x':{'type':'integer'}},'required':['x'],"
          + "'additionalProperties':false}}}]}";

  private static byte[] bytes(String json) {
    return json.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
  }

  private static AnswerFacts read(String answer) {
    return Objects.requireNonNull(AnswerReader.read(bytes(answer)), answer);
  }

  private static String chat(String message, String finish) {
    return "{'choices':[{'index':0,'message':%s,'finish_reason':'%s'}],'usage':{'prompt_tokens':9,'completion_tokens':4,'prompt_tokens_details':{'cached_tokens':3}}}"
        .formatted(message, finish);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'choices':[{'message':{'content':'Hi','tool_calls':[{'function':{'name':'f','arguments':"
            + "'{\\'x\\':1}'}}]},'finish_reason':'tool_calls'}],"
            + "'usage':{'prompt_tokens':9,'completion_tokens':4}}",
        "data: {'choices':[{'index':0,'delta':{'content':'H'}}]}\n\n"
            + "data: {'choices':[{'index':0,'delta':{'content':'i','tool_calls':[{'index':0,"
            + "'function':{'name':'f','arguments':'{\\'x\\''}}]}}]}\n\n"
            + "data: {'choices':[{'index':0,'delta':{'tool_calls':[{'index':0,'function':"
            + "{'arguments':':1}'}}]},'finish_reason':'tool_calls'}]}\r\n\r\n"
            + "data: {'choices':[],'usage':{'prompt_tokens':9,'completion_tokens':4}}\n\n"
            + "data: [DONE]\n\n",
        "{'type':'message','content':[{'type':'thinking','thinking':'hm'},{'type':'text','text':"
            + "'Hi'},{'type':'tool_use','name':'f','input':{'x':1}}],'stop_reason':'tool_use',"
            + "'usage':{'input_tokens':9,'output_tokens':4}}",
        "event: message_start\ndata: {'type':'message_start','message':{'usage':"
            + "{'input_tokens':9,'output_tokens':1}}}\n\n"
            + "data: {'type':'content_block_start','index':0,'content_block':{'type':'text',"
            + "'text':''}}\n\n"
            + "data: {'type':'content_block_delta','index':0,'delta':{'type':'text_delta',"
            + "'text':'Hi'}}\n\n"
            + "data: {'type':'content_block_start','index':1,'content_block':{'type':'tool_use',"
            + "'name':'f','input':{}}}\n\n"
            + "data: {'type':'content_block_delta','index':1,'delta':{'type':'input_json_delta',"
            + "'partial_json':'{\\'x\\':1}'}}\n\n"
            + "data: {'type':'message_delta','delta':{'stop_reason':'tool_use'},'usage':"
            + "{'output_tokens':4}}\n\n"
            + "data: {'type':'message_stop'}\n\n",
        "{'object':'response','status':'completed','output':[{'type':'message','content':[{'type':"
            + "'output_text','text':'Hi'}]},{'type':'function_call','name':'f','arguments':"
            + "'{\\'x\\':1}'}],'usage':{'input_tokens':9,'output_tokens':4}}",
        "data: {'type':'response.output_text.delta','delta':'Hi'}\n\n"
            + "data: {'type':'response.completed','response':{'status':'completed','output':["
            + "{'type':'message','content':[{'type':'output_text','text':'Hi'}]},"
            + "{'type':'function_call','name':'f','arguments':'{\\'x\\':1}'}],"
            + "'usage':{'input_tokens':9,'output_tokens':4}}}\n\n"
      })
  void allDialectsSayTheSame(String answer) {
    AnswerFacts facts = read(answer);
    assertThat(facts)
        .isEqualTo(
            new AnswerFacts(
                "Hi",
                List.of(new AnswerFacts.Call("f", "{\"x\":1}")),
                "tool_calls",
                false,
                9,
                0,
                4));
    Expectation expected = Expectation.of(bytes(REQUEST));
    assertThat(expected.calls(facts)).isEqualTo(Check.GOOD);
    assertThat(expected.schema(facts)).isEqualTo(Check.GOOD);
    assertThat(facts.toString()).doesNotContain("Hi");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "nothing",
        "{",
        "{'error':{'message':'no'}}",
        "data: {'choices':[{'index':0,'delta':{'content':'H'}}]}\n\ndata: {'error':{}}\n\n",
        "data: {'choices':[{\n\n",
        "data: {'type':'response.failed','response':{'status':'failed'}}\n\n"
      })
  void whatIsNoAnswerIsNone(String answer) {
    assertThat(AnswerReader.read(bytes(answer))).isNull();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '`',
      value = {
        "{'content':'x'}; stop; NONE; NONE",
        "{'tool_calls':[{'function':{'name':'f','arguments':'{x'}}]}; tool_calls; BAD; NONE",
        "{'tool_calls':[{'function':{'name':'g','arguments':'{}'}}]}; tool_calls; BAD; NONE",
        "{'tool_calls':[{'function':{'name':'f','arguments':'{}'}}]}; tool_calls; GOOD; BAD",
        "{'tool_calls':[{'function':{'name':'f','arguments':''}}]}; tool_calls; GOOD; BAD",
        "{'tool_calls':[{'function':{'name':'f','arguments':'{x'}}]}; length; NONE; NONE",
        "{'content':'<｜DSML｜function_calls>'}; stop; BAD; NONE",
        "{'content':'ok <tool_call>{}'}; stop; BAD; NONE"
      })
  void callsAreJudged(String message, String finish, Check calls, Check schema) {
    AnswerFacts facts = read(chat(message, finish));
    Expectation expected = Expectation.of(bytes(REQUEST));
    assertThat(expected.calls(facts)).isEqualTo(calls);
    assertThat(expected.schema(facts)).isEqualTo(schema);
    assertThat(facts.cachedTokens()).isEqualTo(3);
    // Without tools, nothing is expected.
    assertThat(Expectation.of(bytes("{}")).calls(facts)).isEqualTo(Check.NONE);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '`',
      value = {
        "{'type':'object','properties':{'a':{'type':'string'}},'required':['a']}; {'a':'x'}; true",
        "{'type':'object','required':['a']}; {'b':1}; false",
        "{'additionalProperties':false,'properties':{'a':{}}}; {'b':1}; false",
        "{'type':['integer','null']}; null; true",
        "{'type':'integer'}; 2.0; true",
        "{'type':'integer'}; 2.5; false",
        "{'enum':[1,'a']}; 'b'; false",
        "{'const':1}; 1.0; true",
        "{'anyOf':[{'type':'string'},{'minimum':5}]}; 4; false",
        "{'oneOf':[{'type':'number'},{'minimum':5}]}; 6; false",
        "{'minimum':1,'maximum':3}; 3; true",
        "{'exclusiveMaximum':3}; 3; false",
        "{'maximum':3}; 4; false",
        "{'items':{'$ref':'#/$defs/n'},'$defs':{'n':{'type':'array','items':{'$ref':'#/$defs/n'}}}};"
            + " [[[]],[]]; true",
        "{'items':{'$ref':'#/$defs/n'},'$defs':{'n':{'type':'array','items':{'$ref':'#/$defs/n'}}}};"
            + " [[1]]; false",
        "{'$ref':'#'}; 1; true",
        "{'minItems':2}; [1]; false",
        "{'maxLength':2}; 'abc'; false",
        "{'unknown':1}; 'abc'; true",
        "false; 1; false"
      })
  void schemas(String schema, String value, boolean follows) {
    assertThat(
            SchemaCheck.follows(
                Json.parse(bytes(value), "value"), Json.parse(bytes(schema), "schema")))
        .isEqualTo(follows);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '`',
      value = {
        "I'm sorry, but I can't help with that.; true",
        "I am very sorry, I am not able to do so.; true",
        "I cannot assist with this request.; true",
        "Unfortunately, I can’t provide that.; true",
        "抱歉，我无法回答这个问题。; true",
        "Sorry for the wait! Here it is.; false",
        "I can help with that.; false",
        "The function cannot assist the reader.; false",
        "I can't believe how nice this is; false"
      })
  void refusals(String text, boolean refused) {
    assertThat(Refusals.of(text)).isEqualTo(refused);
  }

  @Test
  void noiseBreaksNothing() {
    Random random = new Random(7);
    byte[] good = bytes(chat("{'content':'x','tool_calls':[{'function':{'name':'f'}}]}", "stop"));
    for (int i = 0; i < 3000; i++) {
      byte[] noise = good.clone();
      for (int k = 0; k < 1 + i % 4; k++) {
        noise[random.nextInt(noise.length)] = (byte) random.nextInt(256);
      }
      AnswerFacts facts = AnswerReader.read(noise);
      Expectation expected = Expectation.of(noise);
      if (facts != null) {
        assertThat(expected.calls(facts)).isNotNull();
        assertThat(expected.schema(facts)).isNotNull();
      }
    }
  }

  @Test
  void aRunThatWasStoppedGoesOn(@TempDir Path folder) throws Exception {
    Path prompts =
        Files.writeString(
            folder.resolve("p.jsonl"),
            """
            {"model":"x","stream":true,"messages":[{"content":"private words"}]}

            {"custom_id":"a","body":{"messages":[]}}
            """);
    List<Prompt> set = Prompt.read(prompts);
    assertThat(set).hasSize(2);
    assertThat(set.getFirst().body().toString()).doesNotContain("stream", "model");
    Path file = folder.resolve("out.jsonl");
    UpgradeLine.Side good =
        new UpgradeLine.Side(200, "stop", Check.NONE, Check.GOOD, false, 5, 3, 2, 10, 7L);
    UpgradeLine.Side bad =
        new UpgradeLine.Side(500, null, Check.NONE, Check.NONE, false, 0, 0, 0, 1, null);
    UpgradeLine line = new UpgradeLine(1, good, bad, false, true, false);
    try (UpgradeFile kept = new UpgradeFile(file, "a@1", "a@2", prompts)) {
      assertThat(kept.done()).isEmpty();
      kept.add(line);
    }
    try (UpgradeFile kept = new UpgradeFile(file, "a@1", "a@2", prompts)) {
      assertThat(kept.done()).containsExactly(line);
    }
    assertThat(Files.readString(file)).doesNotContain("private");
    assertThatThrownBy(() -> new UpgradeFile(file, "a@1", "a@3", prompts))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("--out");
    UpgradeReport report = new UpgradeReport("a@1", "a@2", 2, List.of(line));
    assertThat(report.json().at("/candidate/failed").asInt()).isEqualTo(1);
    assertThat(report.json().at("/baseline/cost_nano").asLong()).isEqualTo(7);
    assertThat(report.json().at("/candidate/cost_nano").isNull()).isTrue();
    assertThat(report.text()).contains("a@1", "worse at the requests 1.");
    assertThat(report.markdown()).contains("| no answer | 0 | 1 |");
    Files.writeString(prompts, "{\"prompt\":\"x\"}\n");
    assertThatThrownBy(() -> Prompt.read(prompts))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("line 1");
  }
}
