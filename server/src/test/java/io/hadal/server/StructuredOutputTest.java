package io.hadal.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.InputFormat;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.net.http.HttpResponse;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Formats of answers over HTTP, written by a model with random weights. */
class StructuredOutputTest {
  private static final TestServer SERVER = new TestServer(null, ServerLimits.DEFAULT, 4096, 16);
  private static final SchemaRegistry SCHEMAS =
      SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12);

  private static final String ASK =
      "{'model':'tiny','max_tokens':500,'messages':[{'role':'user','content':'Hello'}]";

  /** Small enough to be finished by chance. */
  private static final String SCHEMA =
      "{'type':'object','properties':{'name':{'type':'string','maxLength':4},"
          + "'age':{'type':'integer','minimum':0,'maximum':150},"
          + "'tags':{'type':'array','items':{'enum':['a','b']},'maxItems':2},"
          + "'on':{'type':'boolean'}},'required':['name','age','on'],'additionalProperties':false}";

  @AfterAll
  static void stop() {
    SERVER.close();
  }

  private static void follows(String schema, String document) {
    assertThat(SCHEMAS.getSchema(schema.replace('\'', '"')).validate(document, InputFormat.JSON))
        .as(document)
        .isEmpty();
  }

  private static JsonNode ok(HttpResponse<String> response) {
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return TestServer.json(response);
  }

  private static String chat(String more, int seed) {
    JsonNode choice =
        ok(SERVER.post("/v1/chat/completions", ASK + ",'seed':" + seed + "," + more + "}"))
            .get("choices")
            .get(0);
    assertThat(choice.get("finish_reason").stringValue()).isEqualTo("stop");
    return choice.get("message").get("content").stringValue();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4})
  void schemasInChat(int seed) {
    follows(
        SCHEMA,
        chat(
            "'response_format':{'type':'json_schema','json_schema':{'name':'p','strict':true,'schema':"
                + SCHEMA
                + "}}",
            seed));
  }

  @Test
  void schemasBehindReasoning() {
    String content =
        ok(SERVER.post(
                "/v1/chat/completions",
                ASK
                    + ",'seed':5,'reasoning':{'effort':'low','max_tokens':1024},'max_completion_tokens':1500,"
                    + "'response_format':{'type':'json_schema','json_schema':{'name':'p','schema':{'type':'boolean'}}}}"))
            .get("choices")
            .get(0)
            .get("message")
            .get("content")
            .stringValue();
    assertThat(content).isIn("true", "false", "");
  }

  @Test
  void schemasInResponsesAndMessages() {
    JsonNode response =
        ok(
            SERVER.post(
                "/v1/responses",
                "{'model':'tiny','input':'hi','max_output_tokens':500,'text':{'format':{'type':'json_schema',"
                    + "'name':'p','strict':true,'schema':"
                    + SCHEMA
                    + "}}}"));
    assertThat(response.get("status").stringValue()).isEqualTo("completed");
    follows(SCHEMA, response.get("output").get(0).get("content").get(0).get("text").stringValue());
    for (String field : List.of("'output_config':{'format':%s}", "'output_format':%s")) {
      JsonNode message =
          ok(
              SERVER.post(
                  "/v1/messages",
                  ASK
                      + ","
                      + field.formatted("{'type':'json_schema','schema':" + SCHEMA + "}")
                      + "}"));
      assertThat(message.get("stop_reason").stringValue()).isEqualTo("end_turn");
      follows(SCHEMA, message.get("content").get(0).get("text").stringValue());
    }
  }

  @Test
  void objectsOfAnyKind() {
    // Quotation marks and brackets are made likely, or a random model would not come to an end.
    StringBuilder bias = new StringBuilder();
    for (String close : new String[] {"\"", "}", "]"}) {
      int id = SERVER.tokenizer.encode(close, false)[0];
      bias.append(bias.isEmpty() ? "" : ",").append("'").append(id).append("':9");
    }
    String content =
        chat("'response_format':{'type':'json_object'},'logit_bias':{" + bias + "}", 3);
    assertThat(TestServer.json(content).isObject()).isTrue();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '`',
      textBlock =
          """
          'guided_regex':'(yes|no)-[0-9]{2}' ; (yes|no)-[0-9]{2}
          'structured_outputs':{'regex':'^a{3,5}$'} ; a{3,5}
          'structured_outputs':{'choice':['red','green']} ; red|green
          'guided_choice':['x','yy'] ; x|yy
          'grammar':'root ::= [a-c] [0-9] | root2\\nroot2 ::= \\'no\\'' ; [a-c][0-9]|no
          'guided_grammar':'root ::= [a-c]{4}' ; [a-c]{4}
          'response_format':{'type':'grammar','grammar':'root ::= [xy]'} ; [xy]
          'json_schema':{'const':'k'} ; "k"
          'guided_json':{'type':'null'} ; null
          'structured_outputs':{'json':'{\\'enum\\':[1,2]}'} ; 1|2
          """)
  void otherFormats(String field, String regex) {
    // An escaped quotation mark in the table stands for one inside a JSON string.
    String json = field.replace("\\'", "\\\"");
    assertThat(chat(json, 1)).matches(regex);
    JsonNode text =
        ok(
            SERVER.post(
                "/v1/completions", "{'model':'tiny','prompt':'a','max_tokens':99," + json + "}"));
    assertThat(text.get("choices").get(0).get("text").stringValue()).matches(regex);
  }

  private static final String TOOL_SCHEMA =
      "{'type':'object','properties':{'city':{'type':'string','maxLength':3},"
          + "'days':{'type':'integer','minimum':1,'maximum':9},"
          + "'where':{'type':'object','properties':{'lat':{'enum':[1.5,-2]},'note':{'type':'string','maxLength':3}},"
          + "'required':['lat']},'unit':{'anyOf':[{'enum':['C','F']},{'type':'null'}]}},"
          + "'required':['city','days','where','unit'],'additionalProperties':false}";

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void aForcedStrictToolInChat(int seed) {
    String tools =
        "'tools':[{'type':'function','function':{'name':'other'}},{'type':'function','function':"
            + "{'name':'get_weather','strict':true,'parameters':"
            + TOOL_SCHEMA
            + "}}],'tool_choice':{'type':'function','function':{'name':'get_weather'}},"
            + "'parallel_tool_calls':false,'seed':"
            + seed;
    JsonNode choice =
        ok(SERVER.post("/v1/chat/completions", ASK + "," + tools + "}")).get("choices").get(0);
    assertThat(choice.get("finish_reason").stringValue()).isEqualTo("tool_calls");
    assertThat(choice.get("message").get("content").isNull()).isTrue();
    JsonNode calls = choice.get("message").get("tool_calls");
    assertThat(calls.size()).isEqualTo(1);
    assertThat(calls.get(0).get("function").get("name").stringValue()).isEqualTo("get_weather");
    follows(TOOL_SCHEMA, calls.get(0).get("function").get("arguments").stringValue());
  }

  @Test
  void aForcedStrictToolInMessages() {
    JsonNode message =
        ok(
            SERVER.post(
                "/v1/messages",
                ASK
                    + ",'tools':[{'name':'get_weather','strict':true,'input_schema':"
                    + TOOL_SCHEMA
                    + "}],'tool_choice':{'type':'any','disable_parallel_tool_use':true}}"));
    assertThat(message.get("stop_reason").stringValue()).isEqualTo("tool_use");
    JsonNode block = message.get("content").get(0);
    assertThat(block.get("name").stringValue()).isEqualTo("get_weather");
    follows(TOOL_SCHEMA, block.get("input").toString());
  }

  /** Without a duty to call, an answer is text or a call that follows its schema. */
  @Test
  void strictToolsMayStayUncalled() {
    String ask =
        ASK.replace("500", "24")
            + ",'seed':1,'tools':[{'type':'function','function':{'name':'t','strict':true,'parameters':"
            + TOOL_SCHEMA
            + "}}]}";
    JsonNode choice = ok(SERVER.post("/v1/chat/completions", ask)).get("choices").get(0);
    assertThat(choice.get("message").has("content")).isTrue();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          'response_format':{'type':'json_schema','json_schema':{'strict':true,'schema':{'not':{}}}} | unsupported_value | response_format.json_schema.schema | #/not
          'response_format':{'type':'json_schema','json_schema':{'strict':true,'schema':{'type':'x'}}} | invalid_value | response_format.json_schema.schema | #/type
          'guided_regex':'(?=a)b' | invalid_value | guided_regex | look-ahead
          'grammar':'root ::= root' | invalid_value | grammar | no text follows
          'grammar':'x = 1' | invalid_value | grammar | line 1
          'guided_regex':'a','guided_choice':['b'] | invalid_value | guided_choice | beside
          'response_format':{'type':'xml'} | invalid_value | response_format.type | xml
          'tools':[{'type':'function','function':{'name':'t','strict':true,'parameters':{'properties':{'a':{'if':{}}}}}}] | unsupported_value | tools | #/properties/a/if
          """)
  void whatCannotBeKeptIsRefused(String field, String code, String param, String text) {
    HttpResponse<String> response = SERVER.post("/v1/chat/completions", ASK + "," + field + "}");
    assertThat(response.statusCode()).as(response.body()).isEqualTo(400);
    JsonNode error = TestServer.json(response).get("error");
    assertThat(error.get("code").stringValue()).isEqualTo(code);
    assertThat(error.get("param").stringValue()).isEqualTo(param);
    assertThat(error.get("message").stringValue()).contains(text);
  }

  @Test
  void looseSchemasNameWhatTheyLeaveOut() {
    HttpResponse<String> response =
        SERVER.post(
            "/v1/chat/completions",
            ASK
                + ",'response_format':{'type':'json_schema','json_schema':{'schema':"
                + "{'type':'boolean','not':{'const':true}}}}}");
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.headers().firstValue("x-hadal-ignored-params"))
        .hasValue("response_format.json_schema.schema#/not");
  }

  @Test
  void aBegunAnswerIsPartOfTheFormat() {
    String begun =
        "{'model':'tiny','max_tokens':50,'messages':[{'role':'user','content':'x'},"
            + "{'role':'assistant','content':'%s'}],'output_config':{'format':{'type':'json_schema','schema':{'type':'array','items':{'type':'boolean'},'minItems':1,'maxItems':1}}}}";
    JsonNode message = ok(SERVER.post("/v1/messages", begun.formatted("[tr")));
    assertThat("[tr" + message.get("content").get(0).get("text").stringValue())
        .matches("\\[true[ \n]?]");
    assertThat(SERVER.post("/v1/messages", begun.formatted("{")).statusCode()).isEqualTo(400);
  }
}
