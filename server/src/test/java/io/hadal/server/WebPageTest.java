package io.hadal.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WebPageTest {
  private static final TestServer SERVER = new TestServer();

  @AfterAll
  static void stop() {
    SERVER.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"/", "/page.css", "/page.js"})
  void nothingComesFromElsewhere(String path) {
    HttpResponse<String> response = SERVER.get(path);
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.headers().firstValue("content-security-policy"))
        .hasValueSatisfying(p -> assertThat(p).contains("default-src 'none'"));
    assertThat(response.body()).doesNotContain("http:", "https:", "//cdn", "@import");
  }

  @Test
  void itsPartsAreThere() {
    String page = SERVER.get("/").body();
    var parts = Pattern.compile("(?:src|href)=\"([a-z.]+)\"").matcher(page).results().toList();
    assertThat(parts).hasSize(2);
    assertThat(parts)
        .allSatisfy(p -> assertThat(SERVER.get("/" + p.group(1)).statusCode()).isEqualTo(200));
    // What the script looks up by id.
    Pattern.compile("\\$\\(\"([a-z-]+)\"\\)")
        .matcher(SERVER.get("/page.js").body())
        .results()
        .forEach(id -> assertThat(page).contains("id=\"" + id.group(1) + "\""));
    String metrics = SERVER.get("/metrics").body();
    Pattern.compile("\\[\"(llm_[a-z_]+)\"")
        .matcher(SERVER.get("/page.js").body())
        .results()
        .forEach(name -> assertThat(metrics).contains(name.group(1)));
  }
}
