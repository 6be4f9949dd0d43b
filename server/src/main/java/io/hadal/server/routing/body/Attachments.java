package io.hadal.server.routing.body;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Messages with pictures and files in them, in one pass. What the bytes of a value stand for is
 * said by the object that it is in, or by the one around that, before it or behind it: so they wait
 * until that object ends. What is unclear is taken for what has more tokens.
 */
final class Attachments {
  /** Shorter values of {@code data} are texts. */
  private static final int LEAST_DATA = 1024;

  /** Objects within each other that are told apart; nobody reads deeper ones. */
  private static final int DEEPEST = 1000;

  private final byte[] json;
  private final int from;
  private final int to;
  private final PromptSize.Text text = new PromptSize.Text();
  private final Deque<Part> open = new ArrayDeque<>();
  private long deeper;
  private long pictures;
  private long unseen;

  /** Where a value is, with its quotation marks. */
  private record Range(int start, int end) {}

  /** An object that is being read. */
  private static final class Part {
    /** Its {@code type} says that its data is no binary. */
    boolean words;

    /** It is a document, or may be. */
    boolean document;

    final List<Range> data = new ArrayList<>(0);

    /** Pictures or documents whose kind is said by this object, or by the one around it. */
    long found;

    long foundBelow;
  }

  Attachments(byte[] json, int from, int to) {
    this.json = json;
    this.from = from;
    this.to = to;
  }

  PromptSize size() {
    int i = from;
    while (i < to) {
      switch (json[i]) {
        case '"' -> i = string(i);
        case '{' -> {
          text.add(json, i, ++i);
          if (open.size() == DEEPEST) {
            deeper++;
          } else {
            open.push(new Part());
          }
        }
        case '}' -> {
          text.add(json, i, ++i);
          if (deeper > 0) {
            deeper--;
          } else {
            end();
          }
        }
        default -> text.add(json, i, ++i);
      }
    }
    while (!open.isEmpty()) {
      end();
    }
    return text.size().with(pictures, unseen);
  }

  private void end() {
    Part part = open.poll();
    if (part == null) {
      return;
    }
    if (part.words) {
      part.data.forEach(range -> text.add(json, range.start(), range.end()));
    } else {
      part.found += part.data.size();
    }
    Part around = open.peek();
    if (part.document) {
      unseen += part.found + part.foundBelow;
    } else {
      pictures += part.foundBelow;
      if (around == null) {
        pictures += part.found;
      } else {
        around.foundBelow += part.found;
      }
    }
  }

  /** Reads a string, and its value if it is a name; returns the place behind. */
  private int string(int start) {
    int end = behind(start);
    int value = name(end);
    Part part = open.peek();
    if (value < 0 || part == null) {
      text.add(json, start, end);
      return end;
    }
    text.add(json, start, value);
    int last = behind(value);
    Range range = new Range(value, last);
    switch (text(start, end)) {
      case "data" -> {
        if (last - value < LEAST_DATA) {
          text.add(json, value, last);
        } else {
          part.data.add(range);
        }
      }
      case "url", "image_url" -> part.found++;
      case "file_data", "file_id", "file_url" -> unseen++;
      case "type" -> {
        String type = text(value, last);
        part.document |= "document".equals(type) || type == null;
        part.words |= !"base64".equals(type);
        text.add(json, value, last);
      }
      case "media_type" -> {
        String type = text(value, last);
        part.document |= type == null || !type.startsWith("image/");
        text.add(json, value, last);
      }
      case null -> {
        // Another spelling of any of them.
        part.document = true;
        part.words = true;
        text.add(json, value, last);
      }
      default -> text.add(json, value, last);
    }
    return last;
  }

  /** A short string; empty for a longer one, null for one that is written in another way. */
  private @Nullable String text(int start, int end) {
    for (int i = start; i < Math.min(end, start + 64); i++) {
      if (json[i] == '\\') {
        return null;
      }
    }
    return end - start > 64
        ? ""
        : new String(json, start + 1, Math.max(0, end - start - 2), StandardCharsets.UTF_8);
  }

  /** Place behind a string. */
  private int behind(int start) {
    for (int i = start + 1; i < to; i++) {
      if (json[i] == '\\') {
        i++;
      } else if (json[i] == '"') {
        return i + 1;
      }
    }
    return to;
  }

  /** Where the text begins that is the value of a name; -1 when it is none. */
  private int name(int end) {
    boolean colon = false;
    for (int i = end; i < to; i++) {
      if (json[i] == '"') {
        return colon ? i : -1;
      }
      if (json[i] == ':' && !colon) {
        colon = true;
      } else if (json[i] > ' ' || json[i] < 0) {
        return -1;
      }
    }
    return -1;
  }
}
