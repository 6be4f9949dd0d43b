package io.hadal.formats.prompt;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Seeded attacks on the parsers. */
class CompletionFuzzTest {
  private static final long SEED = 0x44534d4cL;

  static Stream<PromptDialect> dialects() {
    return Stream.of(PromptDialect.V4, PromptDialect.V4_1);
  }

  @ParameterizedTest
  @MethodSource("dialects")
  void renderedAnswersParseBack(PromptDialect dialect) {
    Random random = new Random(SEED);
    PromptEncoder encoder = new PromptEncoder(dialect);
    for (int round = 0; round < 150; round++) {
      ThinkingMode mode = ThinkingMode.values()[random.nextInt(2)];
      Message answer = answer(random);
      String completion = completion(encoder, answer, mode);
      Completion parsed = new CompletionParser(dialect).parse(completion, mode);
      for (int cut = 0; cut < 12; cut++) {
        List<String> pieces = Completions.randomPieces(completion, random, 1 + cut * 5);
        assertThat(Completions.stream(dialect, mode, pieces).result()).isEqualTo(parsed);
      }
      assertThat(parsed.content()).isEqualTo(answer.text());
      assertThat(parsed.reasoning())
          .isEqualTo(mode == ThinkingMode.THINKING ? answer.reasoning() : "");
      assertThat(parsed.toolCalls()).hasSameSizeAs(answer.toolCalls());
      for (int i = 0; i < parsed.toolCalls().size(); i++) {
        assertThat(parsed.toolCalls().get(i).arguments())
            .isEqualTo(PythonJson.render(answer.toolCalls().get(i).arguments()));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("dialects")
  void mutatedCompletionsNeverCrash(PromptDialect dialect) {
    Random random = new Random(SEED + 1);
    PromptEncoder encoder = new PromptEncoder(dialect);
    int wellFormed = 0;
    int malformed = 0;
    for (int round = 0; round < 2500; round++) {
      ThinkingMode mode = ThinkingMode.values()[random.nextInt(2)];
      StringBuilder text = new StringBuilder(completion(encoder, answer(random), mode));
      for (int edits = random.nextInt(4); edits > 0; edits--) {
        mutate(text, dialect, random);
      }
      if (check(dialect, mode, text.toString(), random)) {
        wellFormed++;
      } else {
        malformed++;
      }
    }
    assertThat(wellFormed).isGreaterThan(500);
    assertThat(malformed).isGreaterThan(500);
  }

  @ParameterizedTest
  @MethodSource("dialects")
  void markerSoupNeverCrashes(PromptDialect dialect) {
    Random random = new Random(SEED + 2);
    for (int round = 0; round < 2500; round++) {
      StringBuilder text = new StringBuilder();
      for (int n = random.nextInt(25); n > 0; n--) {
        text.append(marker(dialect, random));
      }
      check(dialect, ThinkingMode.values()[random.nextInt(2)], text.toString(), random);
    }
  }

  /** A megabyte of each hostile unit; quadratic work would need minutes. */
  @Test
  void megabytesTakeLinearTime() {
    PromptDialect dialect = PromptDialect.V4_1;
    ToolMarkup tags = dialect.markup();
    String head = tags.blockOpen + ">\n" + tags.invokeOpen + " name=\"f\">\n";
    String parameter = tags.parameterOpen + " name=\"a\" string=\"true\">";
    String call =
        tags.invokeOpen
            + " name=\"f\">\n"
            + parameter
            + tags.parameterClose
            + "\n"
            + tags.invokeClose
            + "\n";
    List<String> units =
        List.of(
            "x",
            " ",
            "\n",
            "<",
            "</",
            "\ud83d",
            "\"",
            "</think>",
            SpecialTokens.EOS,
            SpecialTokens.DSML,
            tags.blockOpen,
            tags.blockOpen + ">\n" + tags.invokeOpen,
            head,
            head + parameter,
            head + parameter + tags.parameterClose + "\n" + parameter,
            head + tags.parameterOpen + " name=\"a" + tags.parameterClose,
            tags.blockOpen + ">\n" + tags.invokeOpen + " name=\"",
            "\" string=\"",
            parameter,
            call,
            tags.invokeOpen,
            tags.invokeClose,
            tags.parameterClose);
    List<String> starts =
        List.of("", head, head + parameter, head + tags.parameterOpen + " name=\"");
    for (String start : starts) {
      for (int u = 0; u < units.size(); u++) {
        String text = start + units.get(u).repeat((1 << 20) / units.get(u).length());
        // Even units arrive at once, odd ones in small pieces; starts shift the assignment.
        int step = (u + starts.indexOf(start)) % 2 == 0 ? text.length() : 23;
        long before = System.nanoTime();
        strict(dialect, text, ThinkingMode.CHAT);
        StreamingParser parser = new StreamingParser(dialect, ThinkingMode.CHAT, event -> {});
        for (int at = 0; at < text.length(); at += step) {
          parser.feed(text.substring(at, Math.min(text.length(), at + step)));
        }
        assertThat(parser.finish().rawText()).hasSameSizeAs(text);
        assertThat(Duration.ofNanos(System.nanoTime() - before))
            .as("time for %s and repeated %s", start, units.get(u))
            .isLessThan(Duration.ofSeconds(10));
      }
    }
  }

  /** Both parsers on one text; true if it is well formed. */
  private static boolean check(
      PromptDialect dialect, ThinkingMode mode, String text, Random random) {
    Completion strict = strict(dialect, text, mode);
    Completion whole = Completions.stream(dialect, mode, List.of(text)).result();
    assertThat(Completions.stream(dialect, mode, Completions.unitByUnit(text)).result())
        .isEqualTo(whole);
    assertThat(
            Completions.stream(dialect, mode, Completions.randomPieces(text, random, 30)).result())
        .isEqualTo(whole);
    if (strict != null) {
      assertThat(whole).isEqualTo(strict);
    }
    if (whole.toolCalls().isEmpty() && strict == null) {
      nothingLost(mode, text, whole, dialect.markup());
    }
    return strict != null;
  }

  /** Without calls, only the end of reasoning, empty blocks and the end token may disappear. */
  private static void nothingLost(
      ThinkingMode mode, String text, Completion parsed, ToolMarkup tags) {
    String emptyBlock = tags.blockOpen + ">\n" + tags.blockClose;
    String rest = text;
    if (rest.endsWith(SpecialTokens.EOS)) {
      rest = rest.substring(0, rest.length() - SpecialTokens.EOS.length());
    }
    if (mode == ThinkingMode.THINKING) {
      assertThat(rest).startsWith(parsed.reasoning());
      rest = rest.substring(parsed.reasoning().length());
      if (!rest.isEmpty()) {
        assertThat(rest).startsWith(SpecialTokens.THINK_END);
        rest = rest.substring(SpecialTokens.THINK_END.length());
      }
    }
    assertThat((parsed.content() + parsed.truncatedMarkup()).replace(emptyBlock, ""))
        .isEqualTo(rest.replace(emptyBlock, ""));
  }

  private static @Nullable Completion strict(
      PromptDialect dialect, String text, ThinkingMode mode) {
    try {
      return new CompletionParser(dialect).parse(text, mode);
    } catch (MalformedCompletionException e) {
      assertThat(e.offset()).isBetween(0, text.length());
      assertThat(e.getMessage()).hasSizeLessThan(300);
      return null;
    }
  }

  private static String completion(PromptEncoder encoder, Message answer, ThinkingMode mode) {
    RenderOptions options = RenderOptions.of(mode).withDropThinking(false);
    Message user = Message.user("u");
    String prompt = encoder.render(List.of(user), options);
    return encoder.render(List.of(user, answer), options).substring(prompt.length());
  }

  private static Message answer(Random random) {
    List<ToolCall> calls = new ArrayList<>();
    for (int n = random.nextInt(4); n > 0; n--) {
      ObjectNode arguments = JsonNodeFactory.instance.objectNode();
      for (int p = random.nextInt(4); p > 0; p--) {
        String name = "p" + p + text(random);
        switch (random.nextInt(5)) {
          case 0 -> arguments.put(name, random.nextInt());
          case 1 -> arguments.put(name, random.nextGaussian() * Math.pow(10, random.nextInt(40)));
          case 2 -> arguments.putArray(name).add(text(random)).addNull().add(true);
          default -> arguments.put(name, text(random));
        }
      }
      calls.add(new ToolCall("c" + n, null, "tool" + n, arguments, null));
    }
    return Message.assistant(text(random)).toBuilder()
        .reasoning(text(random))
        .toolCalls(calls)
        .build();
  }

  private static String text(Random random) {
    String[] words = {
      "a",
      "Zürich",
      "😀",
      "\n",
      "\n\n",
      "<",
      "</",
      ">",
      "\"",
      "\\",
      "\t",
      "\u0001",
      "<b>",
      "2>&1",
      " string=",
      "</thin",
      "<｜",
      "｜",
      "汉字",
      "\n\n<",
      "name=\"x\">"
    };
    StringBuilder text = new StringBuilder();
    for (int n = random.nextInt(8); n > 0; n--) {
      text.append(words[random.nextInt(words.length)]);
    }
    return text.toString();
  }

  private static void mutate(StringBuilder text, PromptDialect dialect, Random random) {
    int at = random.nextInt(text.length() + 1);
    int end = Math.min(text.length(), at + 1 + random.nextInt(20));
    switch (random.nextInt(5)) {
      case 0 -> text.delete(at, end);
      case 1 -> text.insert(at, marker(dialect, random));
      case 2 -> text.insert(random.nextInt(text.length() + 1), text.substring(at, end));
      case 3 -> text.setLength(at);
      default -> text.replace(at, end, marker(dialect, random));
    }
  }

  private static String marker(PromptDialect dialect, Random random) {
    ToolMarkup tags = dialect.markup();
    String[] markers = {
      tags.blockOpen,
      tags.blockOpen + ">\n",
      tags.blockClose,
      tags.invokeOpen,
      tags.invokeClose,
      tags.invokeOpen + " name=\"f\">\n",
      tags.invokeOpen + " name=\"a::b\">\n\n",
      tags.parameterOpen,
      tags.parameterClose,
      tags.parameterClose + "\n",
      tags.parameterOpen + " name=\"a\" string=\"true\">",
      tags.parameterOpen + " name=\"b\" string=\"false\">",
      "\" string=\"true\">",
      " name=\"",
      SpecialTokens.DSML,
      SpecialTokens.EOS,
      SpecialTokens.BOS,
      SpecialTokens.THINK,
      SpecialTokens.THINK_END,
      ">",
      "<",
      "\n",
      ">\n",
      "\n\n",
      "\"",
      "x",
      " ",
      "\ud83d",
      "\ude00",
      "::"
    };
    return markers[random.nextInt(markers.length)];
  }
}
