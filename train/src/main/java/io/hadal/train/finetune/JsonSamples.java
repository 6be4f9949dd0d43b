package io.hadal.train.finetune;

import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import io.hadal.formats.prompt.FimPrompt;
import io.hadal.formats.prompt.Message;
import io.hadal.formats.prompt.Messages;
import io.hadal.formats.prompt.PromptEncoder;
import io.hadal.formats.prompt.RenderOptions;
import io.hadal.formats.prompt.Role;
import io.hadal.formats.prompt.SpecialTokens;
import io.hadal.formats.prompt.ThinkingMode;
import io.hadal.formats.tokenizer.Tokenizer;
import io.hadal.train.corpus.Sample;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.BiPredicate;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;

/** Lines of JSON as samples: conversations, or holes to be filled. */
final class JsonSamples {
  private final Tokenizer tokenizer;
  private final String tokenizerName;
  private final PromptTokens.Encoder prompts;
  private final PromptEncoder encoder;

  /**
   * @param tokenizerName for messages
   */
  JsonSamples(Tokenizer tokenizer, String tokenizerName, PromptTokens prompts) {
    this.tokenizer = tokenizer;
    this.tokenizerName = tokenizerName;
    this.prompts = prompts.encoders().apply(tokenizer);
    this.encoder = new PromptEncoder(prompts.dialect());
  }

  /** The form of a file by its first line. */
  static Format format(Path file) throws IOException {
    List<Format> found = new ArrayList<>();
    lines(
        file,
        (text, source) -> {
          found.add(format(text, source));
          return false;
        });
    if (found.isEmpty()) {
      throw new FormatException(file.toString(), "is empty");
    }
    return found.getFirst();
  }

  private static Format format(String text, String source) {
    JsonNode line = Json.parse(text.getBytes(StandardCharsets.UTF_8), source);
    if (line.has("messages")) {
      return Format.CHAT;
    }
    if (line.has("prefix") || line.has("middle")) {
      return Format.FIM;
    }
    throw new FormatException(
        source, "has neither \"messages\" nor \"prefix\", \"suffix\" and \"middle\"");
  }

  /**
   * Reads a file.
   *
   * @param to takes a sample and the text of its line
   * @throws FormatException naming file, line and field of what is wrong
   */
  void read(Path file, Format format, BiConsumer<Sample, String> to) throws IOException {
    lines(
        file,
        (text, source) -> {
          JsonNode line = Json.parse(text.getBytes(StandardCharsets.UTF_8), source);
          if (!line.isObject()) {
            throw new FormatException(source, "is no JSON object");
          }
          to.accept(format == Format.CHAT ? chat(line, source) : fim(line, source), text);
          return true;
        });
  }

  /** Hands on the lines with their places, as long as they are wanted. */
  private static void lines(Path file, BiPredicate<String, String> to) throws IOException {
    int number = 1;
    try (BufferedReader in = Files.newBufferedReader(file)) {
      for (String text = in.readLine(); text != null; text = in.readLine()) {
        if (!text.isBlank() && !to.test(text, file + ":" + number)) {
          return;
        }
        number++;
      }
    } catch (CharacterCodingException e) {
      throw new FormatException(file + ":" + number, "is no UTF-8 text", e);
    }
  }

  private int id(String token) {
    return tokenizer
        .id(token)
        .orElseThrow(
            () ->
                new FormatException(
                    tokenizerName, "has no token " + token + ", which this data needs"));
  }

  private Sample fim(JsonNode line, String source) {
    String prefix = field(line, "prefix", source);
    String suffix = field(line, "suffix", source);
    int[] middle = tokenizer.encode(field(line, "middle", source), false);
    for (String token :
        List.of(SpecialTokens.FIM_BEGIN, SpecialTokens.FIM_HOLE, SpecialTokens.FIM_END)) {
      id(token);
    }
    int[] prompt = prompts.encode(FimPrompt.encode(prefix, suffix, true).segments());
    int[] ids = Arrays.copyOf(prompt, prompt.length + middle.length + 1);
    System.arraycopy(middle, 0, ids, prompt.length, middle.length);
    ids[ids.length - 1] = id(SpecialTokens.EOS);
    boolean[] targets = new boolean[ids.length];
    Arrays.fill(targets, prompt.length, ids.length, true);
    return new Sample(ids, targets);
  }

  private static String field(JsonNode line, String name, String source) {
    JsonNode value = line.path(name);
    if (!value.isString()) {
      throw new FormatException(
          source, name + (value.isMissingNode() ? " is missing" : " is no string"));
    }
    return value.stringValue();
  }

  private Sample chat(JsonNode line, String source) {
    if (!line.path("messages").isArray()) {
      throw new FormatException(source, "messages is missing or no array");
    }
    int[] ids;
    try {
      List<Message> messages = Messages.fromJson(line.path("messages"));
      if (messages.stream().noneMatch(m -> m.role().equals(Role.ASSISTANT))) {
        throw new FormatException(
            source, "messages has no message of the role assistant, so there is nothing to learn");
      }
      boolean thinking = messages.stream().anyMatch(m -> m.reasoning() != null);
      RenderOptions options =
          RenderOptions.of(thinking ? ThinkingMode.THINKING : ThinkingMode.CHAT);
      ids = prompts.encode(encoder.segments(messages, options));
    } catch (FormatException e) {
      String message = String.valueOf(e.getMessage());
      throw message.startsWith(source) ? e : new FormatException(source, message, e);
    }
    return new Sample(ids, answers(ids));
  }

  /** What the assistant wrote: from behind the mark that lets it speak to the end it sets. */
  private boolean[] answers(int[] ids) {
    int assistant = id(SpecialTokens.ASSISTANT);
    int end = id(SpecialTokens.EOS);
    Set<Integer> others =
        List.of(SpecialTokens.USER, SpecialTokens.SYSTEM, SpecialTokens.LATEST_REMINDER).stream()
            .map(token -> tokenizer.id(token).orElse(-1))
            .collect(Collectors.toSet());
    boolean[] targets = new boolean[ids.length];
    boolean speaking = false;
    for (int i = 0; i < ids.length; i++) {
      if (ids[i] == assistant) {
        speaking = true;
        // The mark that says whether to think is part of the prompt.
        i++;
      } else if (others.contains(ids[i])) {
        speaking = false;
      } else {
        targets[i] = speaking;
        speaking = speaking && ids[i] != end;
      }
    }
    return targets;
  }
}
