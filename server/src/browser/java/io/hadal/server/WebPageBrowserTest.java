package io.hadal.server;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Page;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page in a real browser: Chromium must be installed. */
class WebPageBrowserTest {
  private static Chromium chromium;
  private static TestServer server;

  @BeforeAll
  static void start() {
    chromium = Chromium.start();
    server = new TestServer();
  }

  @AfterAll
  static void stop() {
    if (server != null) {
      server.close();
    }
    if (chromium != null) {
      chromium.close();
    }
  }

  @Test
  void aTenantWatchesItsOwnProject(@TempDir Path folder) throws Exception {
    RealConsole console = new RealConsole(folder);
    try {
      Page page = chromium.browser.newPage();
      page.setDefaultTimeout(60_000);
      page.navigate(console.server.url("/"));
      page.locator("#key").fill(console.key("CI pipeline"));
      page.locator("#key").blur();
      assertThat(page.locator("#live-title")).hasText("Live, this key's project");
      assertThat(page.locator("#charts figure")).hasCount(6);
      assertThat(page.locator("#charts")).containsText("USD");
      page.waitForCondition(() -> page.locator("#charts path[d*='L']").count() > 0);
      page.screenshot(new Page.ScreenshotOptions().setPath(Path.of("target", "page-tenant.png")));
    } finally {
      console.close();
    }
  }

  @Test
  void aPersonChatsCompletesAndWatches() {
    Page page = chromium.browser.newPage();
    List<String> wrong = new CopyOnWriteArrayList<>();
    page.onPageError(wrong::add);
    page.onConsoleMessage(
        message -> {
          if (message.type().equals("error")) {
            wrong.add(message.text());
          }
        });
    page.setDefaultTimeout(60_000);
    page.navigate(server.url("/"));
    assertThat(page.locator("#model option").first()).isAttached();

    page.locator("#chat-tokens").fill("24");
    page.locator("#think").click();
    page.locator("#question").fill("Hello there");
    page.locator("#ask button[type=submit]").click();
    page.waitForCondition(() -> page.locator("#talk").innerText().contains("tokens in"));
    assertThat(page.locator("#talk").innerText()).contains("You", "Hello there", "Reasoning");
    assertThat(page.locator("#talk details pre")).isHidden();
    page.locator("#talk summary").click();
    assertThat(page.locator("#talk details pre").innerText()).isNotBlank();

    page.locator("#suffix").fill("");
    page.locator("#fill-tokens").fill("8");
    page.locator("#fill button[type=submit]").click();
    page.waitForCondition(() -> !page.locator("#filled").innerText().isBlank());

    page.waitForCondition(() -> page.locator("#charts path[d*='L']").count() > 0);
    assertThat(page.locator("#charts figure")).hasCount(6);

    // While an answer comes, the page takes no other question.
    assertThat(page.locator("#fill-stop")).isDisabled();
    page.locator("#fill-tokens").fill("100000");
    page.locator("#fill button[type=submit]").click();
    assertThat(page.locator("#problem")).isVisible();
    assertThat(page.locator("#problem")).containsText("max_tokens");
    page.screenshot(new Page.ScreenshotOptions().setPath(Path.of("target", "page.png")));
    // Refused requests and errors of the script would be here; the 400 above is meant.
    assertThat(wrong).allMatch(text -> text.contains("400"));
  }
}
