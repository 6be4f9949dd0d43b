package io.hadal.engine.constraint;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import io.hadal.engine.Engine;
import io.hadal.engine.SamplingOptions;
import io.hadal.engine.serving.Dispatcher;
import io.hadal.engine.serving.DispatcherOptions;
import io.hadal.engine.serving.GenerationEnd;
import io.hadal.engine.serving.GenerationEnd.Reason;
import io.hadal.engine.serving.GenerationListener;
import io.hadal.engine.serving.GenerationRequest;
import io.hadal.engine.tiny.TinyModels;
import io.hadal.engine.tiny.TinyShape;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.node.ObjectNode;

/** Whatever is written under the mask of a schema and comes to an end follows the schema. */
class SchemaFuzzTest {
  @RegisterExtension static final TinyModels MODELS = new TinyModels();

  private static final SchemaRegistry SCHEMAS =
      SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12);

  /** The byte before the one of token 1. */
  private static final int FIRST = 0x1F;

  private static void follows(ObjectNode schema, String text) {
    Schema validator = SCHEMAS.getSchema(schema.toString());
    assertThat(
            validator.validate(
                text,
                InputFormat.JSON,
                context -> context.executionConfig(config -> config.formatAssertionsEnabled(true))))
        .as("%s for %s", text, schema)
        .isEmpty();
  }

  private static Grammar grammar(ObjectNode schema, TokenVocabulary vocabulary) {
    GrammarBuilder builder = new GrammarBuilder();
    return builder.build(
        JsonSchema.compile(schema, true, new JsonGrammar(builder, null)).expression(), vocabulary);
  }

  @Test
  void randomTextsFollowRandomSchemas() {
    int finished = 0;
    for (int seed = 0; seed < 60; seed++) {
      Random random = new Random(seed);
      ObjectNode schema = new RandomSchemas(random).document();
      Grammar grammar = grammar(schema, Vocabularies.SMALL);
      for (int round = 0; round < 3; round++) {
        String text = write(grammar, random);
        if (text != null) {
          finished++;
          follows(schema, text);
        }
      }
    }
    assertThat(finished).isGreaterThan(150);
  }

  /** A random text, which ends as soon as it may; null when that takes too long. */
  private static @Nullable String write(Grammar grammar, Random random) {
    TokenConstraint text = grammar.begin();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int step = 0; step < 600; step++) {
      BitSet allowed = text.allowed();
      if (text.mayEnd() && (allowed.isEmpty() || random.nextInt(3) == 0)) {
        return bytes.toString(StandardCharsets.UTF_8);
      }
      assertThat(allowed.isEmpty()).as("stuck behind %s", bytes).isFalse();
      int id = -1;
      if (random.nextInt(3) == 0) {
        int close = "\"]}".charAt(random.nextInt(3));
        id = allowed.get(close) ? close : -1;
      }
      if (id < 0) {
        int[] ids = allowed.stream().toArray();
        id = ids[random.nextInt(ids.length)];
      }
      text.accept(id);
      bytes.writeBytes(Vocabularies.SMALL.bytes(id));
    }
    return null;
  }

  /** The same with a model of random weights, on the way that requests take. */
  @Test
  void answersOfAModelFollowTheirSchemas() throws Exception {
    TinyShape shape = TinyShape.FIVE_HEADS;
    int finished = 0;
    try (Engine engine = new Engine(MODELS.load(shape), TinyModels.options());
        Dispatcher dispatcher = new Dispatcher(engine, DispatcherOptions.defaults())) {
      int size = engine.model().config().vocabSize();
      byte[][] bytes = new byte[size][0];
      Map<Integer, Float> bias = new HashMap<>();
      for (int id = 1; id < size; id++) {
        // One byte each, as far as the vocabulary goes: ASCII is enough for JSON.
        bytes[id] = new byte[] {(byte) (id + FIRST)};
      }
      for (char c : new char[] {'"', '}', ']'}) {
        bias.put(c - FIRST, 4f);
      }
      TokenVocabulary vocabulary = new TokenVocabulary(bytes);
      for (int seed = 1000; seed < 1012; seed++) {
        ObjectNode schema = new RandomSchemas(new Random(seed)).document();
        if (!schema.toString().chars().allMatch(c -> c < 128)) {
          continue;
        }
        GenerationRequest request =
            new GenerationRequest.Builder(shape.tokens(seed, 4), 250, "t")
                .sampling(new SamplingOptions(1, 1, 0, 0, 1, 0, 0, bias, seed))
                .constraint(grammar(schema, vocabulary).begin())
                .build();
        StringBuilder text = new StringBuilder();
        CompletableFuture<Reason> end = new CompletableFuture<>();
        dispatcher.submit(
            request,
            new GenerationListener() {
              @Override
              public void onToken(int choice, int id, double logprob, List<TokenLogprob> top) {
                text.append((char) vocabulary.bytes(id)[0]);
              }

              @Override
              public void onEnd(int choice, GenerationEnd what) {
                end.complete(what.reason());
              }

              @Override
              public void onError(RuntimeException cause) {
                end.completeExceptionally(cause);
              }
            });
        if (end.get() == Reason.COMPLETE) {
          finished++;
          follows(schema, text.toString());
        }
      }
    }
    assertThat(finished).isGreaterThan(2);
  }
}
