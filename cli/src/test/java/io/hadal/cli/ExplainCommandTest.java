package io.hadal.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.engine.Engine;
import io.hadal.engine.EngineOptions;
import io.hadal.engine.Session;
import io.hadal.model.Model;
import io.hadal.model.config.LayerConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class ExplainCommandTest {
  /** Special tokens, markup, a tab, characters of several tokens, a change of direction. */
  private static final String HOSTILE =
      "int x = 1;\n\t</pre><script>alert(1)</script>&amp;'\"深🙂\u202e\u0007 -->";

  @TempDir private Path folder = Path.of("");

  /** More tokens than a step takes. */
  private static int[] longTokens() {
    return new RandomTokens(3, 480).next(300);
  }

  private Path tokens(int[] ids) throws IOException {
    return TestModel.write(folder.resolve("ids.json"), Arrays.toString(ids));
  }

  private Path text(String content) throws IOException {
    return TestModel.write(folder.resolve("Node.java"), content);
  }

  private static JsonNode ok(Invocation run) {
    assertThat(run.exitCode()).as(run.err()).isZero();
    return TestModel.json(run);
  }

  private record Seen(float[] values, int width) {}

  private static Map<String, Seen> probe(Path model, int[] ids) {
    Map<String, Seen> seen = new HashMap<>();
    try (Model loaded = Model.load(model);
        Engine engine =
            new Engine(
                loaded,
                EngineOptions.defaults().withStepTokens(512).withContext(512),
                (layer, name, values, rows, width) ->
                    seen.put(
                        layer + "." + name, new Seen(Arrays.copyOf(values, rows * width), width)));
        Session session = engine.newSession()) {
      session.append(ids);
    }
    return seen;
  }

  private static float[] floats(JsonNode list) {
    float[] out = new float[list.size()];
    for (int i = 0; i < out.length; i++) {
      out[i] = list.get(i).floatValue();
    }
    return out;
  }

  private static float[] row(Map<String, Seen> seen, String name, int token) {
    Seen s = Objects.requireNonNull(seen.get(name), name);
    return Arrays.copyOfRange(s.values, token * s.width, (token + 1) * s.width);
  }

  /** Everything in the document against what the forward pass shows in one step. */
  private static void assertAgrees(JsonNode document, Path model, int[] ids) {
    Map<String, Seen> seen = probe(model, ids);
    try (Model loaded = Model.load(model)) {
      List<LayerConfig> layers = loaded.config().layers();
      int window = loaded.config().attention().window();
      assertThat(document.path("tokens")).hasSize(ids.length);
      for (int t = 0; t < ids.length; t++) {
        JsonNode token = document.path("tokens").path(t);
        assertThat(token.path("position").intValue()).isEqualTo(t);
        assertThat(token.path("id").intValue()).isEqualTo(ids[t]);
        assertThat(token.path("layers")).hasSize(layers.size());
        for (LayerConfig layer : layers) {
          JsonNode node = token.path("layers").path(layer.index());
          assertExperts(node, layer, seen, t);
          assertAttended(node.path("attended"), layer, seen, t, window);
        }
      }
    }
  }

  private static void assertExperts(
      JsonNode node, LayerConfig layer, Map<String, Seen> seen, int token) {
    int[] experts = TestModel.ints(node.path("experts"));
    float[] weights = floats(node.path("weights"));
    float[] ids = row(seen, layer.index() + ".gate_idx", token);
    float[] expected = row(seen, layer.index() + ".gate_w", token);
    assertThat(experts).hasSize(layer.moe().activeExperts());
    float sum = 0;
    for (int i = 0; i < experts.length; i++) {
      int at = -1;
      for (int j = 0; j < ids.length; j++) {
        at = (int) ids[j] == experts[i] ? j : at;
      }
      assertThat(at).isNotNegative();
      assertThat(weights[i]).isEqualTo(expected[at]);
      assertThat(weights[i]).isLessThanOrEqualTo(i == 0 ? Float.MAX_VALUE : weights[i - 1]);
      sum += weights[i];
    }
    assertThat(sum).isCloseTo(layer.moe().routedScale(), within(1e-5f));
  }

  private static void assertAttended(
      JsonNode attended, LayerConfig layer, Map<String, Seen> seen, int token, int window) {
    assertThat(attended.path("window").intValue()).isEqualTo(Math.min(token + 1, window));
    if (layer.ratio() == 0) {
      assertThat(attended.path("blocks").stringValue()).isEqualTo("none");
      assertThat(attended.has("visible")).isFalse();
      return;
    }
    int visible = (token + 1) / layer.ratio();
    assertThat(attended.path("visible").intValue()).isEqualTo(visible);
    float[] chosen = row(seen, layer.index() + ".selected", token);
    int[] entries =
        IntStream.range(0, chosen.length).map(i -> (int) chosen[i]).filter(e -> e >= 0).toArray();
    assertThat(attended.path("count").intValue()).isEqualTo(entries.length);
    if (layer.indexed()) {
      assertThat(attended.path("blocks").stringValue()).isEqualTo("chosen");
      assertThat(TestModel.ints(attended.path("entries"))).isEqualTo(entries);
    } else {
      assertThat(attended.path("blocks").stringValue()).isEqualTo("all");
      assertThat(entries).hasSize(visible);
    }
  }

  @Test
  void documentOfV41AgreesWithTheForwardPass() throws IOException {
    int[] ids = longTokens();
    JsonNode document = ok(EngramModel.on("explain", "--tokens", tokens(ids).toString(), "--json"));
    assertThat(document.path("format").stringValue()).isEqualTo("hadal-explain-1");
    assertThat(document.path("total_tokens").intValue()).isEqualTo(300);
    assertThat(document.path("streams").intValue()).isEqualTo(4);
    assertAgrees(document, EngramModel.FOLDER, ids);
    Map<String, Seen> seen = probe(EngramModel.FOLDER, ids);
    for (int t = 0; t < ids.length; t++) {
      JsonNode engram = document.path("tokens").path(t).path("engram");
      assertThat(engram).hasSize(2);
      for (int i = 0; i < 2; i++) {
        int layer = i == 0 ? 1 : 4;
        JsonNode node = engram.path(i);
        assertThat(node.path("layer").intValue()).isEqualTo(layer);
        assertThat(floats(node.path("gates"))).isEqualTo(row(seen, layer + ".engram_gate", t));
        assertThat(node.path("channels").valueStream().map(c -> c.path("name").stringValue()))
            .containsExactly("2-gram", "3-gram", "4-gram");
        float[] values = row(seen, layer + ".engram_e", t);
        double sum = 0;
        for (int j = 32; j < 64; j++) {
          sum += values[j] * values[j];
        }
        assertThat(node.path("channels").path(1).path("rms").doubleValue())
            .isCloseTo(Math.sqrt(sum / 32), within(1e-5));
      }
    }
    // Some token must see more entries than it may take, or the choice was not tested.
    JsonNode last = document.path("tokens").path(299).path("layers").path(6).path("attended");
    assertThat(last.path("count").intValue()).isLessThan(last.path("visible").intValue());
  }

  @Test
  void documentOfV4AgreesWithTheForwardPass() throws IOException {
    int[] ids = longTokens();
    JsonNode document = ok(TestModel.on("explain", "--tokens", tokens(ids).toString(), "--json"));
    assertAgrees(document, TestModel.FOLDER, ids);
    JsonNode token = document.path("tokens").path(299);
    assertThat(token.path("engram")).isEmpty();
    assertThat(token.has("text")).isFalse();
    assertThat(token.path("layers").valueStream().map(l -> l.at("/attended/blocks").stringValue()))
        .containsExactly("none", "none", "chosen", "all", "chosen");
    assertThat(document.path("layers").path(0).path("hash_routed").booleanValue()).isTrue();
  }

  @Test
  void textsOfTokensJoinToTheText() throws IOException {
    JsonNode document = ok(EngramModel.on("explain", "--text", text(HOSTILE).toString(), "--json"));
    byte[] joined = new byte[0];
    boolean parts = false;
    for (JsonNode token : document.path("tokens")) {
      byte[] bytes =
          token.has("bytes")
              ? java.util.HexFormat.of().parseHex(token.path("bytes").stringValue())
              : token.path("text").stringValue().getBytes(java.nio.charset.StandardCharsets.UTF_8);
      parts |= token.has("bytes");
      int at = joined.length;
      joined = Arrays.copyOf(joined, at + bytes.length);
      System.arraycopy(bytes, 0, joined, at, bytes.length);
    }
    assertThat(parts).isTrue();
    assertThat(new String(joined, java.nio.charset.StandardCharsets.UTF_8)).isEqualTo(HOSTILE);
  }

  @Test
  void tableHasARowForEveryTokenAndLayer() throws IOException {
    Invocation run =
        EngramModel.on("explain", "--text", text(HOSTILE).toString(), "--layers", "1,3-4");
    assertThat(run.exitCode()).as(run.err()).isZero();
    assertThat(run.out())
        .contains("layers: 1 window engram, 3 reuse/2, 4 full/2 engram", "Node.java: ")
        .contains("\\xE6", "\"\\n\"")
        .doesNotContain("\u202e", "\u0007", "\u001b");
    assertThat(run.out().lines()).allMatch(line -> line.length() <= 108);
    List<String> rows =
        run.out()
            .lines()
            .dropWhile(line -> !line.startsWith("-----"))
            .filter(line -> line.matches(".{25}    [134]  .*"))
            .toList();
    JsonNode document = ok(EngramModel.on("explain", "--text", text(HOSTILE).toString(), "--json"));
    assertThat(rows).hasSize(3 * document.path("shown_tokens").intValue());
    float[] gates = floats(document.at("/tokens/5/engram/0/gates"));
    assertThat(rows.get(15))
        .contains(
            String.format(
                java.util.Locale.ROOT,
                "%.2f %.2f %.2f %.2f",
                gates[0],
                gates[1],
                gates[2],
                gates[3]));
    assertThat(document.at("/tokens/5/layers/1/layer").intValue()).isEqualTo(1);
  }

  @Test
  void pageStandsAloneAndEscapesTheText() throws IOException {
    Path page = folder.resolve("page.html");
    Path source = text(HOSTILE);
    Invocation run =
        EngramModel.on("explain", "--text", source.toString(), "--html", page.toString());
    assertThat(run.exitCode()).as(run.err()).isZero();
    assertThat(run.out()).isEqualTo("wrote " + page + System.lineSeparator());
    String html = Files.readString(page);
    assertThat(html)
        .doesNotContain("http:", "https:", "//cdn", "src=", "href=", "url(", "@import", "fetch(")
        .doesNotContain("<script>alert", "</pre><", "\u202e", "\u0007")
        .contains("default-src 'none'");
    String shown = between(html, "<pre id=\"text\"", "</pre>").replaceAll("</?span[^>]*>", "");
    assertThat(shown).contains("&lt;script&gt;alert(1)&lt;/script&gt;&amp;amp;&#39;&quot;");
    // The policy names the very script and style that the page holds.
    assertThat(html).contains(digest(between(html, "<style>", "</style>")));
    assertThat(html).contains(digest(between(html, "</script>\n<script>", "</script>")));
    assertThat(Pattern.compile("<script>").matcher(html).results()).hasSize(1);
    int tokens = (int) Pattern.compile("<span class=\"t\">").matcher(html).results().count();
    int figures = 0;
    Matcher blocks =
        Pattern.compile("<script type=\"application/json\" class=\"d\">(.*?)</script>")
            .matcher(html);
    while (blocks.find()) {
      figures += ids(blocks.group(1));
    }
    assertThat(figures).isEqualTo(tokens).isPositive();
    try (Stream<Path> left = Files.list(folder)) {
      assertThat(left).containsExactlyInAnyOrder(page, source);
    }
  }

  private static int ids(String json) {
    JsonNode block =
        io.hadal.formats.Json.parse(
            json.getBytes(java.nio.charset.StandardCharsets.UTF_8), "block");
    for (JsonNode token : block) {
      assertThat(token.path(0).isInt()).isTrue();
      assertThat(token.path(1)).hasSize(10);
    }
    return block.size();
  }

  private static String between(String text, String from, String to) {
    int at = text.indexOf(from) + from.length();
    return text.substring(at, text.indexOf(to, at));
  }

  private static String digest(String text) {
    try {
      byte[] hash =
          java.security.MessageDigest.getInstance("SHA-256")
              .digest(text.getBytes(java.nio.charset.StandardCharsets.UTF_8));
      return "'sha256-" + java.util.Base64.getEncoder().encodeToString(hash) + "'";
    } catch (java.security.NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void pageAndDocumentTogether() throws IOException {
    Path page = folder.resolve("page.html");
    Invocation run =
        EngramModel.on(
            "explain", "--text", text("int x").toString(), "--json", "--html", page.toString());
    assertThat(ok(run).path("tokens")).isNotEmpty();
    assertThat(run.err()).contains("wrote " + page);
    assertThat(page).isNotEmptyFile();
  }

  @Test
  void pageHasANameWithoutOne() throws IOException {
    Path page = Path.of("stdin.explain.html");
    try {
      Invocation run =
          TestModel.withInput("int x", () -> EngramModel.on("explain", "--text", "-", "--html"));
      assertThat(run.exitCode()).as(run.err()).isZero();
      assertThat(run.out()).contains("wrote stdin.explain.html");
      assertThat(page).isNotEmptyFile();
    } finally {
      Files.deleteIfExists(page);
    }
  }

  @Test
  void longTextsAreCutAndSaySo() throws IOException {
    String path = tokens(longTokens()).toString();
    Invocation run = TestModel.on("explain", "--tokens", path, "--json", "--max-tokens", "7");
    assertThat(run.err()).contains("ids.json has 300 tokens; only the first 7");
    assertThat(ok(run).path("tokens")).hasSize(7);
    assertThat(TestModel.json(run).path("total_tokens").intValue()).isEqualTo(300);
    int[] many = new int[1100];
    Arrays.fill(many, 9);
    Invocation beyond =
        EngramModel.on(
            "explain",
            "--tokens",
            tokens(many).toString(),
            "--layers",
            "0",
            "--max-tokens",
            "9999");
    assertThat(beyond.exitCode()).as(beyond.err()).isZero();
    assertThat(beyond.err()).contains("first 1024", "the model's context");
  }

  @Test
  void emptyTextIsExplainedByItsFirstToken() throws IOException {
    JsonNode document = ok(EngramModel.on("explain", "--text", text("").toString(), "--json"));
    assertThat(document.path("tokens")).hasSize(1);
    assertThat(document.at("/tokens/0/id").intValue()).isZero();
  }

  @Test
  void specialTokensAreTextWhenAsked() throws IOException {
    String path = text("<｜User｜>").toString();
    assertThat(ok(EngramModel.on("explain", "--text", path, "--json")).path("tokens")).hasSize(1);
    JsonNode plain = ok(EngramModel.on("explain", "--text", path, "--json", "--no-special"));
    assertThat(plain.path("tokens").size()).isGreaterThan(1);
  }

  @Test
  void failureLeavesTheOldPage() throws IOException {
    Path pages = Files.createDirectory(folder.resolve("pages"));
    Path page = TestModel.write(pages.resolve("page.html"), "old");
    String path = tokens(new int[] {5}).toString();
    assertThat(
            TestModel.on(
                    "explain", "--tokens", path, "--html", page.toString(), "--memory-limit", "1M")
                .exitCode())
        .isEqualTo(ExitCode.DOES_NOT_FIT);
    assertThat(page).hasContent("old");
    Invocation nowhere =
        TestModel.on("explain", "--tokens", path, "--html", folder + "/absent/page.html");
    assertThat(nowhere.exitCode()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(nowhere.err().lines()).hasSize(1);
    assertThat(nowhere.err()).contains("cannot be written");
    Invocation onFolder = TestModel.on("explain", "--tokens", path, "--html", pages.toString());
    assertThat(onFolder.exitCode()).isEqualTo(ExitCode.BAD_INPUT);
    try (Stream<Path> left = Files.list(pages)) {
      assertThat(left).containsExactly(page);
    }
  }

  @Test
  void wrongArguments() throws IOException {
    String path = tokens(new int[] {5}).toString();
    for (String[] more :
        new String[][] {
          {"--layers", "5"},
          {"--layers", "3-1"},
          {"--layers", "x"},
          {"--layers", ""},
          {"--layers", "0,,1"},
          {"--layers", "-1"},
          {"--max-tokens", "0"},
          {"--text", "also"}
        }) {
      String[] args = new String[more.length + 2];
      args[0] = "--tokens";
      args[1] = path;
      System.arraycopy(more, 0, args, 2, more.length);
      Invocation run = TestModel.on("explain", args);
      assertThat(run.exitCode()).as(String.join(" ", more)).isEqualTo(ExitCode.USAGE);
    }
    assertThat(TestModel.on("explain").exitCode()).isEqualTo(ExitCode.USAGE);
    Invocation untokenized = TestModel.on("explain", "--text", text("x").toString());
    assertThat(untokenized.exitCode()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(untokenized.err()).contains("has no tokenizer", "--tokens");
    assertThat(EngramModel.on("explain", "--text", folder.resolve("absent").toString()).exitCode())
        .isEqualTo(ExitCode.BAD_INPUT);
  }

  @Test
  void imageTokensAreRefusedByEveryCommandThatReadsIds() throws IOException {
    String ids = tokens(new int[] {5, 507}).toString();
    String out = folder.resolve("out.safetensors").toString();
    for (Invocation run :
        List.of(
            EngramModel.on("explain", "--tokens", ids),
            EngramModel.on("generate", "--tokens", ids, "-n", "1"),
            EngramModel.on("logits", "--tokens", ids, "--out", out))) {
      assertThat(run.exitCode()).isEqualTo(ExitCode.BAD_INPUT);
      assertThat(run.err()).contains("507", "image").doesNotContain("internal");
    }
  }
}
