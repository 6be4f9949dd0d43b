package io.hadal.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.logging.Level;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.openqa.selenium.By;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;
import org.openqa.selenium.support.ui.WebDriverWait;

/** The page in a real browser: Chromium and its driver must be installed. */
class WebPageBrowserTest {
  private static final TestServer SERVER = new TestServer();
  private static final ChromeDriver BROWSER = browser();

  private static ChromeDriver browser() {
    ChromeOptions options = new ChromeOptions();
    options.setBinary(System.getProperty("hadal.chromium", "/usr/bin/chromium"));
    options.addArguments(
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--window-size=1400,1000");
    LoggingPreferences logs = new LoggingPreferences();
    logs.enable(LogType.BROWSER, Level.WARNING);
    options.setCapability("goog:loggingPrefs", logs);
    ChromeDriverService driver =
        new ChromeDriverService.Builder()
            .usingDriverExecutable(
                Path.of(System.getProperty("hadal.chromedriver", "/usr/bin/chromedriver")).toFile())
            .build();
    return new ChromeDriver(driver, options);
  }

  @AfterAll
  static void stop() {
    BROWSER.quit();
    SERVER.close();
  }

  private static WebElement element(String id) {
    return BROWSER.findElement(By.id(id));
  }

  private static void type(String id, String text) {
    WebElement field = element(id);
    field.clear();
    field.sendKeys(text);
  }

  private static void await(java.util.function.BooleanSupplier condition) {
    new WebDriverWait(BROWSER, Duration.ofSeconds(60)).until(b -> condition.getAsBoolean());
  }

  private static void press(String form) {
    BROWSER.findElement(By.cssSelector("#" + form + " button[type=submit]")).click();
  }

  @Test
  void aPersonChatsCompletesAndWatches() throws Exception {
    BROWSER.get(SERVER.url("/"));
    await(() -> !BROWSER.findElements(By.cssSelector("#model option")).isEmpty());

    type("chat-tokens", "24");
    element("think").click();
    type("question", "Hello there");
    press("ask");
    await(() -> element("talk").getText().contains("tokens in"));
    assertThat(element("talk").getText()).contains("You", "Hello there", "Reasoning");
    WebElement reasoning = BROWSER.findElement(By.cssSelector("#talk details pre"));
    assertThat(reasoning.isDisplayed()).isFalse();
    BROWSER.findElement(By.cssSelector("#talk summary")).click();
    assertThat(reasoning.getText()).isNotBlank();

    type("suffix", "");
    type("fill-tokens", "8");
    press("fill");
    await(() -> !element("filled").getText().isBlank());

    await(() -> !BROWSER.findElements(By.cssSelector("#charts path[d*='L']")).isEmpty());
    assertThat(BROWSER.findElements(By.cssSelector("#charts figure"))).hasSize(6);

    type("fill-tokens", "100000");
    press("fill");
    await(() -> element("problem").isDisplayed());
    assertThat(element("problem").getText()).contains("max_tokens");

    Path picture = Path.of("target", "page.png");
    Files.write(picture, BROWSER.getScreenshotAs(OutputType.BYTES));
    // Refused requests and errors of the script would be here; the 400 above is meant.
    assertThat(BROWSER.manage().logs().get(LogType.BROWSER).getAll())
        .allMatch(entry -> entry.getMessage().contains("400"));
  }
}
