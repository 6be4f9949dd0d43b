package io.hadal.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** Vectors of texts over HTTP. */
class EmbeddingsTest {
  private static final TestServer SERVER = new TestServer();
  private static final int SIZE = SERVER.served.config().hiddenSize();

  @AfterAll
  static void stop() {
    SERVER.close();
  }

  private static float[] vector(JsonNode numbers) {
    float[] vector = new float[numbers.size()];
    for (int i = 0; i < vector.length; i++) {
      vector[i] = numbers.get(i).floatValue();
    }
    return vector;
  }

  private static float[] expected(String text) {
    return SERVER.served.vector(SERVER.served.embed(SERVER.served.tokenizeText(text)));
  }

  @Test
  void textsAndTokensGiveTheEnginesVectors() {
    int[] ids = SERVER.served.tokenizeText("class A {}");
    HttpResponse<String> response =
        SERVER.post("/v1/embeddings", "{'model':'tiny','input':['class A {}','Hello'],'user':'u'}");
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    assertThat(response.headers().firstValue("x-hadal-experimental")).hasValue("embeddings");
    JsonNode json = TestServer.json(response);
    assertThat(json.at("/object").stringValue()).isEqualTo("list");
    assertThat(json.at("/data/1/index").intValue()).isEqualTo(1);
    float[] first = vector(json.at("/data/0/embedding"));
    assertThat(first).hasSize(SIZE).isEqualTo(expected("class A {}"));
    assertThat(vector(json.at("/data/1/embedding"))).isEqualTo(expected("Hello"));
    assertThat(json.at("/usage/prompt_tokens").intValue())
        .isEqualTo(ids.length + SERVER.served.tokenizeText("Hello").length)
        .isEqualTo(json.at("/usage/total_tokens").intValue());
    String array = java.util.Arrays.toString(ids);
    JsonNode coded =
        TestServer.json(
            SERVER.post(
                "/embeddings",
                "{'model':'tiny','encoding_format':'base64','dimensions':%d,'input':[%s,%s]}"
                    .formatted(SIZE, array, array)));
    for (JsonNode entry : coded.path("data")) {
      float[] vector = new float[SIZE];
      ByteBuffer.wrap(Base64.getDecoder().decode(entry.path("embedding").stringValue()))
          .order(ByteOrder.LITTLE_ENDIAN)
          .asFloatBuffer()
          .get(vector);
      assertThat(vector).isEqualTo(first);
    }
    JsonNode single =
        TestServer.json(SERVER.post("/v1/embeddings", "{'model':'tiny','input':" + array + "}"));
    assertThat(vector(single.at("/data/0/embedding"))).isEqualTo(first);
  }

  @Test
  void ollamaClientsGetThemToo() {
    JsonNode json =
        TestServer.json(
            SERVER.post("/api/embed", "{'model':'tiny:latest','input':'Hello','truncate':true}"));
    assertThat(json.path("model").stringValue()).isEqualTo("tiny:latest");
    assertThat(vector(json.at("/embeddings/0"))).isEqualTo(expected("Hello"));
    assertThat(json.path("prompt_eval_count").intValue()).isPositive();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'input':'x'                                    | missing_required_parameter | model",
        "'model':'tiny'                                 | missing_required_parameter | input",
        "'model':'tiny','input':''                      | invalid_value              | input",
        "'model':'tiny','input':[]                      | invalid_value              | input",
        "'model':'tiny','input':[true]                  | invalid_value              | input[0]",
        "'model':'tiny','input':[[1],[-1]]              | invalid_value              | input[1][0]",
        "'model':'tiny','input':'x','dimensions':3      | unsupported_value          | dimensions",
        "'model':'tiny','input':'x','encoding_format':'x'"
            + "                                         | invalid_value          | encoding_format",
      },
      quoteCharacter = '`')
  void mistakesAreNamed(String fields, String code, String param) {
    HttpResponse<String> response = SERVER.post("/v1/embeddings", "{" + fields + "}");
    assertThat(response.statusCode()).as(response.body()).isEqualTo(400);
    JsonNode error = TestServer.json(response).path("error");
    assertThat(error.path("code").stringValue()).isEqualTo(code);
    assertThat(error.path("param").stringValue()).isEqualTo(param);
  }

  @Test
  void aTextBeyondTheContextIsRefused() {
    HttpResponse<String> response =
        SERVER.post("/v1/embeddings", "{'model':'tiny','input':'" + "word ".repeat(3000) + "'}");
    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(TestServer.json(response).at("/error/code").stringValue())
        .isEqualTo("context_length_exceeded");
  }
}
