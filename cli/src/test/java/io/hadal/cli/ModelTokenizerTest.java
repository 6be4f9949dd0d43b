package io.hadal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.formats.Json;
import io.hadal.formats.tokenizer.Tokenizer;
import io.hadal.formats.weights.GgufValue;
import io.hadal.formats.weights.GgufValueType;
import io.hadal.formats.weights.GgufWriter;
import io.hadal.kernels.StorageType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class ModelTokenizerTest {
  private static final String TEXT = "public class <｜User｜> return 中文";

  @TempDir private Path folder = Path.of("");

  /** A GGUF file with the tokenizer of the test model. */
  private Path gguf(String model) throws IOException {
    JsonNode json = Json.parse(TestModel.TOKENIZER, 1 << 20);
    String[] tokens = new String[512];
    long[] types = new long[512];
    Arrays.fill(types, 1);
    json.path("model")
        .path("vocab")
        .properties()
        .forEach(e -> tokens[e.getValue().intValue()] = e.getKey());
    for (JsonNode added : json.path("added_tokens")) {
      int id = added.path("id").intValue();
      tokens[id] = added.path("content").stringValue();
      types[id] = added.path("special").booleanValue() ? 3 : 4;
    }
    List<String> merges = new ArrayList<>();
    json.at("/model/merges").forEach(m -> merges.add(m.stringValue()));
    Path file = folder.resolve(model + ".gguf");
    try (GgufWriter writer =
        GgufWriter.layout()
            .put("general.architecture", GgufValue.text("deepseek4"))
            .put("tokenizer.ggml.model", GgufValue.text(model))
            .put("tokenizer.ggml.pre", GgufValue.text("deepseek-v3"))
            .put("tokenizer.ggml.tokens", GgufValue.texts(Arrays.asList(tokens)))
            .put("tokenizer.ggml.token_type", GgufValue.wholes(GgufValueType.INT32, types))
            .put("tokenizer.ggml.merges", GgufValue.texts(merges))
            .put("tokenizer.ggml.bos_token_id", GgufValue.uint32(0))
            .put("tokenizer.ggml.eos_token_id", GgufValue.uint32(1))
            .put("tokenizer.ggml.add_bos_token", GgufValue.bool(true))
            .tensor("token_embd.weight", StorageType.F32, 1)
            .create(file)) {
      writer.write("token_embd.weight", new float[1]);
      writer.finish();
    }
    return file;
  }

  @Test
  void metadataGiveTheSameTokenizerAsTheJson() throws IOException {
    Tokenizer json = Tokenizer.fromJson(TestModel.TOKENIZER);
    Tokenizer gguf = ModelTokenizer.find(gguf("gpt2")).orElseThrow();
    assertThat(gguf.encode(TEXT, true)).isEqualTo(json.encode(TEXT, true));
    assertThat(gguf.addBos()).isTrue();
    assertThat(gguf.bos()).hasValue(0);
    assertThat(gguf.eos()).hasValue(1);
    assertThat(ModelTokenizer.read(gguf("gpt2")).encode(TEXT, true))
        .isEqualTo(json.encode(TEXT, true));
  }

  @Test
  void aFileMayHaveNone() throws IOException {
    assertThat(ModelTokenizer.find(gguf("none"))).isEmpty();
    Invocation run = Invocation.hadal("tokenize", "--tokenizer", gguf("none").toString(), "text");
    assertThat(run.exitCode()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(run.err()).contains("holds no tokenizer");
  }

  @Test
  void aFolderHoldsItsTokenizer() throws IOException {
    Files.copy(TestModel.TOKENIZER, folder.resolve("tokenizer.json"));
    assertThat(ModelTokenizer.find(folder)).isPresent();
    assertThat(ModelTokenizer.read(folder).vocabSize()).isEqualTo(512);
  }
}
