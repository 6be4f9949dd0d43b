package io.hadal.chat;

import io.hadal.engine.constraint.Expression;
import io.hadal.engine.constraint.Gbnf;
import io.hadal.engine.constraint.Grammar;
import io.hadal.engine.constraint.GrammarBuilder;
import io.hadal.engine.constraint.GrammarException;
import io.hadal.engine.constraint.JsonGrammar;
import io.hadal.engine.constraint.JsonSchema;
import io.hadal.engine.constraint.Regex;
import io.hadal.engine.constraint.TokenVocabulary;
import io.hadal.formats.prompt.SpecialTokens;
import io.hadal.formats.prompt.ToolDefinition;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Makes grammars of answers and keeps the last ones: requests of one program ask for the same
 * format again and again. Safe for concurrent use.
 */
final class AnswerGrammars {
  private static final int MOST_KEPT = 16;
  private static final int MOST_KEY = 1 << 20;

  private final CallSyntax syntax;
  private final TokenVocabulary vocabulary;
  private final Map<String, Compiled> kept = new LinkedHashMap<>(16, 0.75f, true);

  /**
   * A grammar of answers.
   *
   * @param ignored places in the request that it leaves out
   */
  record Compiled(Grammar grammar, List<String> ignored) {}

  /**
   * What calls an answer may or must have.
   *
   * @param tools that may be called
   * @param strict names of those whose arguments must follow their schemas
   * @param forced true for calls and nothing else
   * @param several whether there may be more than one
   */
  record Calls(List<ToolDefinition> tools, Set<String> strict, boolean forced, boolean several) {
    static final Calls NONE = new Calls(List.of(), Set.of(), false, false);
  }

  AnswerGrammars(ServedModel model) {
    this.vocabulary = TokenVocabulary.of(model.tokenizer());
    this.syntax = new CallSyntax(model.dialect().callMarkup(), model.tokenizer());
  }

  /**
   * The grammar of a plain text.
   *
   * @throws Problem when the format cannot be used
   */
  Compiled text(AnswerFormat format) {
    return keep("text " + format, format.field(), b -> format(format, new JsonGrammar(b, null)));
  }

  /**
   * The grammar of an answer in a conversation.
   *
   * @throws Problem when format or tools cannot be used
   */
  Compiled chat(AnswerFormat format, Calls calls) {
    StringBuilder key = new StringBuilder("chat ").append(calls.forced ? "" : format.toString());
    key.append(calls.forced).append(calls.several).append(new TreeSet<>(calls.strict));
    calls.tools.forEach(t -> key.append('\n').append(t.function()));
    String field = format instanceof AnswerFormat.Text || calls.forced ? "tools" : format.field();
    return keep(
        key.toString(), field, b -> chat(format, calls, new JsonGrammar(b, SpecialTokens.DSML)));
  }

  private interface Source {
    Parts read(GrammarBuilder builder);
  }

  private record Parts(Expression expression, Set<String> ignored) {
    Parts(Expression expression) {
      this(expression, Set.of());
    }
  }

  private Compiled keep(String key, String field, Source source) {
    synchronized (kept) {
      Compiled known = kept.get(key);
      if (known != null) {
        return known;
      }
    }
    GrammarBuilder builder = new GrammarBuilder();
    Compiled compiled;
    try {
      Parts parts = source.read(builder);
      Grammar grammar = builder.build(parts.expression, vocabulary);
      compiled = new Compiled(grammar, List.copyOf(parts.ignored));
    } catch (GrammarException e) {
      throw problem(field, e);
    }
    if (key.length() <= MOST_KEY) {
      synchronized (kept) {
        kept.put(key, compiled);
        if (kept.size() > MOST_KEPT) {
          kept.remove(kept.keySet().iterator().next());
        }
      }
    }
    return compiled;
  }

  private static Problem problem(String field, GrammarException e) {
    String message = String.valueOf(e.getMessage());
    return e.isUnsupported()
        ? Problem.unsupported(field, "cannot be kept: " + message)
        : Problem.invalid(field, "cannot be used: " + message);
  }

  private Parts chat(AnswerFormat format, Calls calls, JsonGrammar json) {
    if (calls.tools.isEmpty()) {
      return format(format, json);
    }
    List<Expression> options = new ArrayList<>();
    for (ToolDefinition tool : calls.tools) {
      options.add(call(tool, calls.strict.contains(CallSyntax.name(tool)), json));
    }
    Expression block = syntax.block(new Expression.Choice(options), calls.several);
    if (calls.forced) {
      return new Parts(block);
    }
    Parts text = format(format, json);
    Expression behind =
        format instanceof AnswerFormat.Text
            ? Expression.sequence(text.expression, Expression.optional(block))
            : Expression.choice(text.expression, block);
    return new Parts(behind, text.ignored);
  }

  private Expression call(ToolDefinition tool, boolean strict, JsonGrammar json) {
    String name = CallSyntax.name(tool);
    JsonNode schema = tool.function().get("parameters");
    Expression members;
    try {
      members = members(schema, strict, json);
    } catch (GrammarException e) {
      if (strict) {
        String message = "of " + name + " have a schema that cannot be used: " + e.getMessage();
        throw e.isUnsupported()
            ? Problem.unsupported("tools", message)
            : Problem.invalid("tools", message);
      }
      // The model may still call it, with any arguments.
      members = members(null, false, json);
    }
    return syntax.call(name, members);
  }

  private Expression members(@Nullable JsonNode schema, boolean strict, JsonGrammar json) {
    JsonNode object = schema == null ? CallSyntax.ANY_OBJECT : schema;
    return JsonSchema.compileMembers(object, strict, json, syntax).expression();
  }

  private static Parts format(AnswerFormat format, JsonGrammar json) {
    return switch (format) {
      case AnswerFormat.Text _ -> new Parts(json.rawText());
      case AnswerFormat.JsonObject _ -> new Parts(json.object());
      case AnswerFormat.JsonSchema s -> {
        try {
          JsonSchema.Compiled compiled = JsonSchema.compile(s.schema(), s.strict(), json);
          Set<String> ignored = new TreeSet<>();
          compiled.ignored().forEach(p -> ignored.add(s.field() + p));
          yield new Parts(compiled.expression(), ignored);
        } catch (GrammarException e) {
          throw problem(s.field(), e);
        }
      }
      case AnswerFormat.Pattern p -> {
        try {
          yield new Parts(Regex.whole(p.regex()));
        } catch (GrammarException e) {
          throw problem(p.field(), e);
        }
      }
      case AnswerFormat.Grammar g -> {
        try {
          yield new Parts(Gbnf.read(g.gbnf(), json.builder()));
        } catch (GrammarException e) {
          throw problem(g.field(), e);
        }
      }
      case AnswerFormat.OneOf texts -> {
        List<byte[]> words = new ArrayList<>();
        texts.texts().forEach(t -> words.add(t.getBytes(StandardCharsets.UTF_8)));
        yield new Parts(new Expression.Words(words));
      }
    };
  }
}
