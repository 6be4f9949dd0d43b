package io.hadal.server.routing;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.chat.Problem;
import io.hadal.platform.usage.Quantities;
import io.hadal.server.config.Section;
import io.hadal.server.routing.body.BodyEdit;
import io.hadal.server.routing.body.MultipartForm;
import io.hadal.server.routing.body.RequestView;
import io.hadal.server.routing.config.Operation;
import io.hadal.server.routing.config.RoutingConfig;
import io.hadal.server.routing.usage.SseReader;
import io.hadal.server.routing.usage.UsageReader;
import io.hadal.server.wire.CallMeter;
import io.hadal.server.wire.EndUser;
import io.hadal.server.wire.JsonMembers;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** The parts of routing that need no network. */
class RoutingPartsTest {
  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }

  private static String edited(String json, java.util.function.UnaryOperator<BodyEdit> edit) {
    byte[] body = bytes(json.replace('\'', '"'));
    JsonMembers members = Objects.requireNonNull(JsonMembers.of(body));
    return new String(edit.apply(new BodyEdit(body, members)).apply(), UTF_8).replace('"', '\'');
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'model':'a','x':1}|{'model':'b','x':1,'stream_options':{'include_usage':true}}",
        "{'provider':{'a':'}'},'model' : 'a'}|{'model' :"
            + " 'b','stream_options':{'include_usage':true}}",
        "{'model':'a','provider':{}}|{'model':'b','stream_options':{'include_usage':true}}",
        "{'model':'a','stream_options':null}|{'model':'b','stream_options':{'include_usage':true}}",
        "{'stream_options':{'x':1},'model':'a'}|{'stream_options':{'x':1,'include_usage':true},'model':'b'}",
        "{'stream_options':{'include_usage':false},'model':'a'}|{'stream_options':{'include_usage':true},'model':'b'}",
        "{'a':{'model':'a'},'\\u006dodel':'a'}|{'a':{'model':'a'},'\\u006dodel':'b','stream_options':{'include_usage':true}}"
      })
  void editsTouchNothingElse(String before, String after) {
    assertThat(edited(before, e -> e.text("model", "b").remove("provider").includeUsage()))
        .isEqualTo(after);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "[]",
        "{",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1",
        "{\"a\":1}x",
        "{\"a\":\"}",
        "{a:1}",
        "{\"a\":[1}",
        "{\"a\" 1}",
        "{\"\\\":1}"
      })
  void whatIsNoObjectHasNoMembers(String json) {
    assertThat(JsonMembers.of(bytes(json))).isNull();
  }

  @Test
  void randomBytesBreakNothing() {
    SplittableRandom random = new SplittableRandom(7);
    byte[] alphabet = bytes("{}[]\",:\\ 1aé");
    for (int i = 0; i < 20_000; i++) {
      byte[] json = new byte[random.nextInt(40)];
      for (int j = 0; j < json.length; j++) {
        json[j] = alphabet[random.nextInt(alphabet.length)];
      }
      JsonMembers members = JsonMembers.of(json);
      if (members != null) {
        new BodyEdit(json, members).text("a", "b").remove("a").apply();
      }
      MultipartForm.of(json, "multipart/form-data; boundary=1");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'user':'ann'} | {'safety_identifier':' ann ','user':'x'}",
        "{'metadata':{'user_id':'ann'}} | {'user':'ann'}",
        "{'metadata':{'user_id':'u1_session_9'}} | {'metadata':{'user_id':'u1_session_8'}}",
        "{'metadata':{'user_id':'{#account_uuid#:#a#,#session_id#:#1#}'}} | {'user':'a'}"
      })
  void endUsersStayThemselves(String one, String other) {
    String hash = endUser(one, "p");
    assertThat(hash).isEqualTo(endUser(other, "p")).matches("[0-9a-f]{24}");
    assertThat(hash).isNotEqualTo(endUser(one, "q")).isNotEqualTo(endUser("{'user':'bob'}", "p"));
    assertThat(endUser("{'user':' ','metadata':{'user':'x'}}", "p")).isNull();
  }

  private static @Nullable String endUser(String body, String tenant) {
    String json = body.replace('\'', '"').replace("#", "\\\"");
    String user = EndUser.of(json.getBytes(UTF_8));
    return user == null ? null : EndUser.hash(tenant, user);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      nullValues = "-",
      value = {
        "CHAT | '' | interactive",
        "CHAT | 'service_tier':'flex' | batch",
        "CHAT | 'tools':[{'type':'function'}] | agent",
        "CHAT | 'tools':[{'type':'function'}],'tool_choice':'none' | interactive",
        "CHAT | 'tools':[{'type':'function'}],'tool_choice':'auto' | agent",
        "CHAT | 'tools':[{'type':'function'}],'service_tier':'priority' | interactive",
        "RESPONSES | 'service_tier':'flex' | batch",
        "MESSAGES | 'service_tier':'flex' | interactive",
        "MESSAGES | 'tools':[{'name':'f'}],'tool_choice':{'type':'none'} | interactive",
        "MESSAGES | 'tools':[{'name':'f'}],'tool_choice':{'type':'any'} | agent",
        "COMPLETIONS | 'suffix':'x' | fim",
        "COMPLETIONS | 'prompt':'x' | interactive",
        "EMBEDDINGS | 'service_tier':'flex' | -",
        "IMAGES | 'prompt':'x' | -"
      })
  void aRequestIsOfTheClassThatAModelHereWouldServeItIn(
      Operation operation, String fields, @Nullable String name) {
    String json = fields.equals("''") ? "{'model':'m'}" : "{'model':'m'," + fields + "}";
    RequestView view =
        Objects.requireNonNull(RequestView.of(bytes(json.replace('\'', '"')), operation));
    assertThat(CallMeter.name(view.priority(false))).isEqualTo(name);
    assertThat(CallMeter.name(view.priority(true))).isEqualTo(name == null ? null : "shadow");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "CHAT | 'stream':true | 0 | 1048576 | 0 | 0",
        "CHAT | 'stream':true | 8192 | 8192 | 0 | 0",
        "CHAT | 'stream':true,'max_tokens':100,'n':3 | 0 | 300 | 0 | 0",
        "CHAT | 'max_completion_tokens':100 | 0 | 100 | 100 | 100",
        "CHAT | 'n':2 | 8192 | 16384 | 16384 | 8192",
        "RESPONSES | 'max_output_tokens':999999999999999999 | 0 | 1048576 | 1048576 | 1048576",
        "MESSAGES | 'max_tokens':-5,'n':-1 | 0 | 1048576 | 131072 | 4096",
        "COMPLETIONS | 'max_tokens':10,'n':2,'best_of':5 | 0 | 50 | 50 | 50",
        "COMPLETIONS | 'max_tokens':10,'n':2,'prompt':['a', 'b','c'] | 0 | 60 | 60 | 60",
        "COMPLETIONS | 'max_tokens':10,'prompt':[[1,2],[3]] | 0 | 20 | 20 | 20",
        "COMPLETIONS | 'max_tokens':10,'prompt':[1,2,3] | 0 | 10 | 10 | 10",
        "CHAT | 'max_completion_tokens':1,'max_tokens':100 | 0 | 100 | 100 | 100",
        "CHAT | 'max_output_tokens':1 | 8192 | 8192 | 8192 | 4096",
        "RESPONSES | 'max_tokens':1 | 8192 | 8192 | 8192 | 4096",
        "MESSAGES | 'max_completion_tokens':1,'n':9 | 8192 | 8192 | 8192 | 4096",
        "EMBEDDINGS | 'input':'x' | 0 | 0 | 0 | 0",
        "IMAGES | 'n':4 | 0 | 0 | 0 | 0"
      })
  void moneyIsHeldForAnswersOfAnyLength(
      Operation operation, String fields, int context, long most, long whole, long least) {
    RequestView view =
        Objects.requireNonNull(
            RequestView.of(bytes(("{'model':'m'," + fields + "}").replace('\'', '"')), operation));
    assertThat(view.mostOutput(context)).isEqualTo(most);
    assertThat(view.ahead(context).tokens()).isEqualTo(whole);
    assertThat(view.ahead(context).least()).isEqualTo(least);
    assertThat(view.ahead(context).images()).isEqualTo(operation == Operation.IMAGES ? 4 : 0);
  }

  /** An upstream may read the other one. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "'max_tokens':1,'max_tokens':9",
        "'messages':[],'\\u006dessages':[]",
        "'stream':false,'stream':true",
        "'store':false,'store':true",
        "'model':'n'"
      })
  void aFieldThatIsThereTwiceIsRefused(String fields) {
    byte[] body = bytes(("{'model':'m'," + fields + "}").replace('\'', '"'));
    assertThatThrownBy(() -> RequestView.of(body, Operation.CHAT))
        .isInstanceOf(Problem.class)
        .hasMessageContaining("twice");
  }

  @Test
  void whatNobodyWouldSeeTheEndOfIsRefused() {
    byte[] body = bytes("{\"model\":\"m\",\"background\":true}");
    assertThatThrownBy(() -> RequestView.of(body, Operation.RESPONSES))
        .isInstanceOf(Problem.class)
        .hasMessageContaining("background");
    assertThat(RequestView.of(body, Operation.CHAT)).isNotNull();
  }

  /** Readers of other programs take them for what they look like. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "CHAT | n | 'n':4.0",
        "CHAT | n | 'n':'4'",
        "CHAT | n | 'n':129",
        "CHAT | stream | 'stream':1",
        "MESSAGES | stream | 'stream':'true'",
        "COMPLETIONS | best_of | 'best_of':1e2",
        "RESPONSES | background | 'background':'true'",
        "RESPONSES | background | 'background':1",
        "IMAGES | n | 'n':1e1",
        "IMAGES | stream | 'stream':true"
      })
  void whatCouldNotBeCountedIsRefused(Operation operation, String name, String field) {
    RequestView view =
        Objects.requireNonNull(
            RequestView.of(bytes(("{'model':'m'," + field + "}").replace('\'', '"')), operation));
    assertThatThrownBy(view::requireCountable)
        .isInstanceOf(Problem.class)
        .hasMessageStartingWith(name + " must be");
  }

  @Test
  void usualFieldsCanBeCounted() {
    String fields = "'n':2,'stream':false,'background':false,'best_of':null,'prompt':['a']";
    for (Operation operation : Operation.values()) {
      RequestView view =
          Objects.requireNonNull(
              RequestView.of(
                  bytes(("{'model':'m'," + fields + "}").replace('\'', '"')), operation));
      view.requireCountable();
    }
  }

  /** Whatever a client writes, no more may come of it than is held for. */
  @Test
  void documentsAreHeldForAsWhatTheyMayBe() {
    String words = "word ".repeat(40_000);
    String base64 = "QUJD".repeat(50_000);
    for (String plain :
        List.of(
            "{'type':'text','media_type':'text/plain','data':'" + words + "'}",
            "{'data':'" + words + "','type':'text'}",
            "{'type':'base64','data':'" + words + "','type':'text'}",
            "{'type':'base64','data':'" + words + "','t\\u0079pe':'text'}",
            "{'data':'" + words + "','type':'t\\u0065xt'}")) {
      assertThat(chat("[{'type':'document','source':" + plain + "}]").ahead(0).prompt())
          .as(plain.replace(words, "WORDS"))
          .isGreaterThanOrEqualTo(200_000);
    }
    String pdf = "{'type':'base64','media_type':'application/pdf','data':'" + base64 + "'}";
    for (String document :
        List.of(
            "{'type':'document','source':" + pdf + "}",
            "{'source':" + pdf.replace("application/pdf", "image/png") + ",'type':'document'}",
            "{'type':'image','source':" + pdf + "}",
            "{'type':'document','source':{'type':'url','url':'https://a.example/b'}}",
            "{'type':'document','source':{'type':'file','file_id':'file_1'}}",
            "{'type':'input_file','file_url':'https://a.example/b'}",
            "{'type':'file','file':{'file_data':'data:application/pdf;base64," + base64 + "'}}")) {
      RequestView view = chat("[" + document + "]");
      assertThat(view.ahead(0).prompt())
          .as(document.replace(base64, "BASE64"))
          .isBetween(131_072L, 131_072L + 300);
      assertThat(view.promptTokens()).isBetween(4000L, 4300L);
      assertThat(view.ahead(8000).prompt()).isEqualTo(8000);
    }
    String image = "{'type':'base64','media_type':'image/png','data':'" + base64 + "'}";
    assertThat(chat("[{'type':'image','source':" + image + "}]").ahead(0).prompt())
        .isBetween(16_384L, 16_600L);
    RequestView kept =
        Objects.requireNonNull(
            RequestView.of(
                bytes("{\"model\":\"m\",\"input\":\"go on\",\"previous_response_id\":\"r\"}"),
                Operation.RESPONSES));
    assertThat(kept.ahead(0).prompt()).isGreaterThanOrEqualTo(131_072);
  }

  @Test
  void aFormHasOneMeaning() {
    String part = "--B\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\ncheap\r\n";
    String end = "--B--\r\n";
    String file =
        "--B\r\ncontent-disposition: form-data; name=\"input_reference\"; filename=\"a b.png\";"
            + " filename*=UTF-8''a%20b.png\r\nContent-Type: image/png\r\n\r\nXX\r\n";
    MultipartForm form = Objects.requireNonNull(form(part + file + end));
    assertThat(form.text("model")).isEqualTo("cheap");
    assertThat(form.text("input_reference")).isNull();
    assertThat(new String(form.with("model", "theirs"), UTF_8)).contains("\r\n\r\ntheirs\r\n");
    for (String other :
        List.of(
            part,
            part.replace("cheap", "dear").replace("\"model\"", "model"),
            part.replace("\r\n\r\n", "\n\n"),
            part.replace("Content-D", "X: ; name=\"a\"\r\nContent-D"),
            part.replace("\r\n\r\n", "\r\nContent-Disposition: form-data; name=\"b\"\r\n\r\n"),
            part.replace("\"model\"", "\"model\"; filename=\"f\""))) {
      assertThat(form(part + other + end)).as(other).isNull();
    }
  }

  private static @Nullable MultipartForm form(String text) {
    return MultipartForm.of(bytes(text), "multipart/form-data; boundary=B");
  }

  @Test
  void noPromptHasMoreTokensThanIsSaid() {
    String digits = "7".repeat(2000);
    RequestView text = chat("'" + digits + "'");
    // Four characters a token are usual; a token for each is possible.
    assertThat(text.promptTokens()).isBetween(500L, 600L);
    assertThat(text.ahead(0).prompt()).isBetween(2000L, 2060L);
    assertThat(text.ahead(1500).prompt()).isEqualTo(1500);
    // A picture has a size, whatever its bytes are; what only looks like one is text.
    String url = "data:image/png;base64," + "QUJD".repeat(50_000);
    RequestView picture = chat("[{'type':'image_url','image_url':{'url' : '" + url + "'}}]");
    assertThat(picture.promptTokens()).isBetween(1600L, 1700L);
    assertThat(picture.ahead(0).prompt()).isBetween(16_384L, 16_500L);
    RequestView source = chat("[{'source':{'data':'" + "QUJD".repeat(50_000) + "'}}]");
    assertThat(source.promptTokens()).isBetween(1600L, 1700L);
    assertThat(chat("'" + url + "'").promptTokens()).isGreaterThan(50_000);
    assertThat(chat("[{'text':'" + url + "'}]").promptTokens()).isGreaterThan(50_000);
    assertThat(chat("[{'data':'" + digits.substring(1500) + "'}]").promptTokens())
        .isBetween(125L, 160L);
  }

  private static RequestView chat(String content) {
    String body = "{'model':'m','messages':[{'role':'user','content':" + content + "}]}";
    return Objects.requireNonNull(RequestView.of(bytes(body.replace('\'', '"')), Operation.CHAT));
  }

  @Test
  void eachPieceOfAStreamIsOneTokenAtLeast() {
    UsageReader reader = new UsageReader(Operation.CHAT);
    for (int i = 0; i < 90; i++) {
      reader.event(bytes("{\"choices\":[{\"delta\":{\"reasoning_content\":\"7\"}}]}"));
      reader.event(bytes("{\"choices\":[{\"delta\":{\"content\":\"\"}}]}"));
    }
    assertThat(reader.produced()).isEqualTo(90);
    assertThat(reader.soFar(9)).isEqualTo(Quantities.tokens(9, 0, 0, 67, 23));
    // What is billed when it breaks off is not more than the usual.
    assertThat(reader.quantities(9, false).output()).isEqualTo(23);
  }

  @Test
  void onlyTheLastMinuteAndFiftyCallsOpenABreaker() {
    long[] now = {0};
    Lane lane = new Lane("a", Duration.ofSeconds(5), Duration.ofMinutes(1), () -> now[0]);
    // Ten failures, and never ten in a minute.
    for (int i = 0; i < 15; i++) {
      lane.failed(1);
      now[0] += 7_000_000_000L;
    }
    assertThat(lane.breakerState()).isEqualTo("closed");
    assertThat(lane.failurePercent()).isEqualTo(-1);
    // Fifty good calls leave nothing of what was before in the same minute.
    now[0] += 60_000_000_000L;
    for (int i = 0; i < 10; i++) {
      lane.succeeded(1);
      lane.succeeded(1);
      lane.failed(1);
    }
    for (int i = 0; i < 50; i++) {
      lane.succeeded(1);
    }
    assertThat(lane.failurePercent()).isZero();
    for (int i = 0; i < 24; i++) {
      lane.failed(1);
    }
    assertThat(lane.breakerState()).isEqualTo("closed");
    lane.failed(1);
    assertThat(lane.breakerState()).isEqualTo("open");
    assertThat(lane.tryCall()).isFalse();
    Lane slow = new Lane("b", Duration.ofSeconds(5), Duration.ofMinutes(1), () -> now[0]);
    for (int i = 0; i < 10; i++) {
      slow.succeeded(i < 2 ? 1 : 6_000_000_000L);
    }
    assertThat(slow.breakerState()).isEqualTo("open");
  }

  @Test
  void patternsOfUpstreamsInNoRouteAreRoutes() {
    JsonNode yaml =
        new YAMLMapper()
            .readTree(
                """
                upstreams:
                  - {name: u, url: 'http://127.0.0.1:1', models: {'a/*': '*', n: n}}
                  - {name: v, url: 'http://127.0.0.1:1', models: {'*': '*'}}
                  - {name: w, url: 'http://127.0.0.1:1'}
                routes: [{model: 'v/*', upstreams: [v]}]
                """);
    RoutingConfig config = RoutingConfig.read(new Section(yaml, "", "test"), Path.of(""));
    assertThat(Objects.requireNonNull(config.route("a/x")).upstreams()).containsExactly("u");
    assertThat(Objects.requireNonNull(config.route("n")).upstreams()).containsExactly("u");
    assertThat(Objects.requireNonNull(config.route("v/x")).upstreams()).containsExactly("v");
    assertThat(config.route("b/x")).isNull();
  }

  @Test
  void aDeadReplicaMovesOnlyWhatWasItsOwn() {
    List<String> four = List.of("a", "b", "c", "d");
    List<String> three = List.of("a", "c", "d");
    Map<String, Integer> share = new HashMap<>();
    for (long key = 0; key < 4000; key++) {
      String before = Rendezvous.order(key, four, n -> n, n -> n.equals("d") ? 2 : 1).getFirst();
      String after = Rendezvous.order(key, three, n -> n, n -> n.equals("d") ? 2 : 1).getFirst();
      share.merge(before, 1, Integer::sum);
      if (!before.equals("b")) {
        assertThat(after).isEqualTo(before);
      }
    }
    assertThat(share.get("a")).isBetween(700, 900);
    assertThat(share.get("d")).isBetween(1500, 1700);
  }

  @Test
  void aFullReplicaIsPassedOver() {
    Map<String, Integer> load = Map.of("a", 40, "b", 10, "c", 10);
    assertThat(Rendezvous.bounded(List.of("a", "b", "c"), load::get))
        .containsExactly("b", "c", "a");
    Map<String, Integer> light = Map.of("a", 15, "b", 0, "c", 0);
    assertThat(Rendezvous.bounded(List.of("a", "b", "c"), light::get))
        .containsExactly("a", "b", "c");
  }

  @Test
  void eventsAreCutAtAnyPieceOfTheStream() throws IOException {
    String stream =
        ": hello\n\ndata: {\"a\":1}\n\nevent: x\r\ndata: 1\r\ndata: 2\r\n\r\ndata: last\n\n";
    for (int piece = 1; piece < 12; piece++) {
      SseReader reader = new SseReader(new Pieces(bytes(stream), piece), 1 << 16);
      StringBuilder raw = new StringBuilder();
      List<String> data = new ArrayList<>();
      for (SseReader.Event e = reader.next(); e != null; e = reader.next()) {
        raw.append(new String(e.buffer(), e.from(), e.to() - e.from(), UTF_8));
        byte[] own = e.data();
        data.add(own == null ? "-" : new String(own, UTF_8));
      }
      assertThat(raw.toString()).isEqualTo(stream);
      assertThat(data).containsExactly("-", "{\"a\":1}", "1\n2", "last");
    }
  }

  @Test
  void theLastWordNeedsNoLineEnd() throws IOException {
    for (String end :
        List.of("data: [DONE]", "data:[DONE]", "data: [DONE]\n", "data: [DONE]\r\n")) {
      for (int piece = 1; piece < 12; piece++) {
        SseReader reader = new SseReader(new Pieces(bytes("data: 1\n\n" + end), piece), 1 << 16);
        assertThat(reader.next()).isNotNull();
        SseReader.Event last = Objects.requireNonNull(reader.next());
        assertThat(last.isData("[DONE]")).isTrue();
        assertThat(new String(last.buffer(), last.from(), last.to() - last.from(), UTF_8))
            .startsWith("data:")
            .endsWith("\n");
        assertThat(reader.next()).isNull();
      }
    }
    for (String end : List.of("data: [DON", "data: {\"a\":1}", "data: [DONE] not")) {
      SseReader reader = new SseReader(new Pieces(bytes(end), 5), 1 << 16);
      assertThat(reader.next()).as(end).isNull();
    }
  }

  private static final class Pieces extends InputStream {
    private final ByteArrayInputStream in;
    private final int most;

    Pieces(byte[] bytes, int most) {
      this.in = new ByteArrayInputStream(bytes);
      this.most = most;
    }

    @Override
    public int read() {
      return in.read();
    }

    @Override
    public int read(byte[] to, int from, int length) {
      return in.read(to, from, Math.min(most, length));
    }
  }

  /** The vector of api.md 2.2, in every dialect. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "CHAT|{'usage':{'prompt_tokens':6200,'completion_tokens':300,'total_tokens':6500,"
            + "'prompt_tokens_details':{'cached_tokens':5000,'cache_write_tokens':1000},"
            + "'completion_tokens_details':{'reasoning_tokens':50},"
            + "'prompt_cache_hit_tokens':5000,'prompt_cache_miss_tokens':1200}}",
        "RESPONSES|{'usage':{'input_tokens':6200,'output_tokens':300,'total_tokens':6500,"
            + "'input_tokens_details':{'cached_tokens':5000,'cache_write_tokens':1000},"
            + "'output_tokens_details':{'reasoning_tokens':50}}}",
        "MESSAGES|{'usage':{'input_tokens':200,'output_tokens':300,"
            + "'cache_read_input_tokens':5000,'cache_creation_input_tokens':1000,"
            + "'cache_creation':{'ephemeral_5m_input_tokens':1000},"
            + "'output_tokens_details':{'thinking_tokens':50}}}"
      })
  void usageIsTheSameInEveryDialect(Operation operation, String json) {
    UsageReader reader = new UsageReader(operation);
    reader.whole(bytes(json.replace('\'', '"')));
    assertThat(reader.known()).isTrue();
    assertThat(reader.quantities(9, true)).isEqualTo(Quantities.tokens(200, 5000, 1000, 250, 50));
  }

  @Test
  void idsOfAnswersAreFound() {
    UsageReader chat = new UsageReader(Operation.CHAT);
    chat.event(bytes("{\"id\":\"chatcmpl-1\",\"choices\":[{\"delta\":{\"id\":\"call_1\"}}]}"));
    chat.event(bytes("{\"id\":\"chatcmpl-2\",\"choices\":[]}"));
    assertThat(chat.id()).isEqualTo("chatcmpl-1");
    UsageReader messages = new UsageReader(Operation.MESSAGES);
    messages.event(bytes("{\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\"}}"));
    messages.event(
        bytes("{\"type\":\"content_block_start\",\"content_block\":{\"id\":\"toolu_1\"}}"));
    assertThat(messages.id()).isEqualTo("msg_1");
    UsageReader responses = new UsageReader(Operation.RESPONSES);
    responses.event(bytes("{\"type\":\"response.created\",\"response\":{\"id\":\"resp_1\"}}"));
    assertThat(responses.id()).isEqualTo("resp_1");
    UsageReader hostile = new UsageReader(Operation.CHAT);
    hostile.whole(bytes("{\"id\":\"a secret text\",\"choices\":[{\"message\":{\"id\":\"m\"}}]}"));
    assertThat(hostile.id()).isNull();
  }

  @Test
  void hostileCountsStayInBounds() {
    UsageReader reader = new UsageReader(Operation.CHAT);
    reader.whole(
        bytes(
            "{\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":-7,"
                + "\"prompt_tokens_details\":{\"cached_tokens\":99999999999999999999}}}"));
    Quantities took = reader.quantities(9, true);
    assertThat(took.inputUncached()).isNotNegative();
    assertThat(took.input()).isEqualTo(5);
    assertThat(took.output()).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"-1", "1000000000000000000", "1e30", "123456789012345678901234567890"})
  void countsThatNoRequestCanHaveAreEstimated(String count) {
    UsageReader reader = new UsageReader(Operation.CHAT);
    reader.whole(
        bytes(
            "{\"choices\":[{\"message\":{\"content\":\"some words of an answer\"},"
                + "\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":"
                + count
                + ",\"completion_tokens\":"
                + count
                + "}}"));
    // Not taken for nothing, nor for the most that there can be.
    assertThat(reader.known()).isFalse();
    Quantities took = reader.quantities(9, true);
    assertThat(took.input()).isEqualTo(9);
    assertThat(took.output()).isBetween(3L, 12L);
  }
}
