package io.hadal.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import java.util.logging.Level;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.openqa.selenium.By;
import org.openqa.selenium.Keys;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;
import org.openqa.selenium.support.ui.WebDriverWait;

/**
 * The console in a real browser: Chromium and its driver must be installed. With {@code
 * -Dhadal.axe=FILE}, the script axe.min.js of the npm package axe-core, pages are checked for
 * accessibility, too. Pictures of all pages go to {@code target/console}.
 */
class ConsoleBrowserTest {
  private static final Path PICTURES = Path.of("target", "console");
  private static final StandInConsole SERVER = new StandInConsole();
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
        "--lang=en-US",
        "--force-prefers-reduced-motion",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--window-size=1400,1000");
    LoggingPreferences logs = new LoggingPreferences();
    logs.enable(LogType.BROWSER, Level.WARNING);
    logs.enable(LogType.PERFORMANCE, Level.INFO);
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

  @AfterEach
  void asBefore() {
    BROWSER.executeCdpCommand("Emulation.clearDeviceMetricsOverride", Map.of());
    script("localStorage.clear()");
    SERVER.signedIn(true);
  }

  @AfterEach
  void nothingWentWrong() {
    assertThat(BROWSER.manage().logs().get(LogType.BROWSER).getAll())
        .extracting(LogEntry::getMessage)
        // Signing in begins with the question who one is.
        .filteredOn(message -> !message.contains("401"))
        .isEmpty();
    assertThat(SERVER.unknown).isEmpty();
    String own = SERVER.url().replace("/console/", "/");
    assertThat(BROWSER.manage().logs().get(LogType.PERFORMANCE).getAll())
        .extracting(LogEntry::getMessage)
        .filteredOn(message -> message.contains("\"Network.requestWillBeSent\""))
        // Icons of the browser's own controls.
        .filteredOn(message -> !message.contains("\"url\":\"data:"))
        .allMatch(message -> message.contains("\"url\":\"" + own));
  }

  private static void await(BooleanSupplier condition) {
    new WebDriverWait(BROWSER, Duration.ofSeconds(20)).until(b -> condition.getAsBoolean());
  }

  /** Opens a page and waits until nothing is loading any more. */
  private static void open(String page) {
    BROWSER.get("about:blank");
    BROWSER.get(SERVER.url() + "#/" + page);
    await(() -> !BROWSER.findElements(By.cssSelector("main h1")).isEmpty());
    settle();
  }

  private static void settle() {
    await(() -> BROWSER.findElements(By.cssSelector(".waiting")).isEmpty());
    await(
        () ->
            Boolean.TRUE.equals(
                BROWSER.executeScript(
                    "const now = document.querySelector('main').innerHTML.length;"
                        + " const same = window.seen === now; window.seen = now; return same;")));
  }

  private static String script(String text, Object... arguments) {
    return Objects.toString(BROWSER.executeScript(text, arguments), "");
  }

  private static WebElement element(String selector) {
    return BROWSER.findElement(By.cssSelector(selector));
  }

  private static WebElement button(String text) {
    return BROWSER.findElements(By.tagName("button")).stream()
        .filter(b -> b.isDisplayed() && b.getText().equals(text))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no button " + text));
  }

  private static void picture(String name) throws IOException {
    Files.createDirectories(PICTURES);
    Files.write(PICTURES.resolve(name + ".png"), BROWSER.getScreenshotAs(OutputType.BYTES));
  }

  /** Fails on what axe finds; says so when there is no axe. */
  private static void accessible(String what) throws IOException {
    String file = System.getProperty("hadal.axe");
    if (file == null) {
      System.out.println("no -Dhadal.axe=axe.min.js: accessibility of " + what + " not checked");
      return;
    }
    BROWSER.executeScript(Files.readString(Path.of(file)));
    Object found =
        BROWSER.executeAsyncScript(
            "const done = arguments[arguments.length - 1];axe.run(document, {resultTypes:"
                + " ['violations']}).then(r => done(r.violations.map(v => v.id + ': ' +"
                + " v.nodes.slice(0, 3).map(n => n.html.slice(0, 160) + ' | ' +"
                + " n.failureSummary).join(' ; '))), e => done([String(e)]));");
    assertThat((List<?>) found).as(what).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "overview",
        "usage",
        "requests",
        "capacity",
        "playground",
        "keys",
        "clients",
        "projects",
        "budgets",
        "budgets?tab=limits",
        "budgets?tab=whatif",
        "budgets?tab=alerts",
        "billing",
        "billing?tab=prices",
        "billing?tab=ledger",
        "people",
        "people?tab=roles",
        "models",
        "models?tab=versions",
        "models?tab=rollouts",
        "routes",
        "audit",
        "privacy",
        "settings"
      })
  void eachPageInBothThemesAndLanguagesAndNarrow(String page) throws IOException {
    String name = page.replace("?tab=", "-");
    open(page);
    for (String theme : List.of("light", "dark")) {
      script("document.documentElement.dataset.theme = arguments[0]", theme);
      accessible(name + " " + theme);
      picture(name + "-" + theme);
    }
    // Nothing is wider than a small phone but what scrolls by itself.
    BROWSER.executeCdpCommand(
        "Emulation.setDeviceMetricsOverride",
        Map.of("width", 400, "height", 900, "deviceScaleFactor", 1, "mobile", false));
    settle();
    picture(name + "-narrow");
    assertThat(Integer.parseInt(script("return document.documentElement.scrollWidth")))
        .isLessThanOrEqualTo(400);
    BROWSER.executeCdpCommand("Emulation.clearDeviceMetricsOverride", Map.of());
    // No key of a text is left over.
    script("localStorage.setItem('hadal.language', 'zh')");
    open(page);
    assertThat(script("return document.documentElement.lang")).isEqualTo("zh-CN");
    assertThat(script("return document.querySelector('h1').textContent")).matches(".*\\p{IsHan}.*");
  }

  @Test
  void aPersonSignsInAndOut() throws IOException {
    SERVER.signedIn(false);
    BROWSER.get(SERVER.url());
    BROWSER.navigate().refresh();
    await(() -> !BROWSER.findElements(By.cssSelector("input[type=password]")).isEmpty());
    accessible("signing in");
    picture("signin-light");
    BROWSER.switchTo().activeElement().sendKeys("admin", Keys.TAB, "secret", Keys.ENTER);
    await(() -> !BROWSER.findElements(By.cssSelector(".side nav a")).isEmpty());
    assertThat(SERVER.changes).anyMatch(c -> c.startsWith("POST session"));
    SERVER.signedIn(false);
    element(".who button").click();
    await(() -> !BROWSER.findElements(By.cssSelector("input[type=password]")).isEmpty());
    SERVER.signedIn(true);
  }

  @Test
  void theKeyboardIsEnough() throws IOException {
    open("keys");
    // The first thing to reach leads past the menu.
    script("document.querySelector('a, button, input, [tabindex]').focus()");
    assertThat(BROWSER.switchTo().activeElement().getText()).contains("Skip");
    BROWSER.switchTo().activeElement().sendKeys(Keys.ENTER);
    assertThat(script("return document.activeElement.id")).isEqualTo("main");
    // A dialog takes the focus, escape closes it, and the focus is back.
    WebElement add = button("New key");
    add.sendKeys(Keys.ENTER);
    await(() -> !BROWSER.findElements(By.cssSelector("dialog[open]")).isEmpty());
    accessible("new key");
    picture("keys-dialog");
    assertThat(script("return document.activeElement.name")).isEqualTo("name");
    BROWSER.switchTo().activeElement().sendKeys(Keys.ESCAPE);
    await(() -> BROWSER.findElements(By.cssSelector("dialog[open]")).isEmpty());
    assertThat(BROWSER.switchTo().activeElement().getText()).isEqualTo("New key");
    // Arrow keys go through tabs and charts.
    open("budgets");
    element("[role=tab][aria-selected=true]").sendKeys(Keys.ARROW_RIGHT);
    await(() -> element("[role=tab][aria-selected=true]").getText().equals("Limits"));
    open("overview");
    element("svg.chart").sendKeys(Keys.HOME, Keys.ARROW_RIGHT);
    await(() -> BROWSER.findElement(By.cssSelector(".tip")).isDisplayed());
  }

  @Test
  void aKeyIsShownOnceAndAnIncompleteFormSaysWhatIsMissing() throws IOException {
    open("keys");
    button("New key").click();
    await(() -> !BROWSER.findElements(By.cssSelector("dialog[open]")).isEmpty());
    button("Create key").click();
    assertThat(element("dialog .wrong").getText()).isEqualTo("Please fill this in.");
    BROWSER.switchTo().activeElement().sendKeys("Laptop", Keys.ENTER);
    await(() -> !BROWSER.findElements(By.cssSelector("code.key")).isEmpty());
    accessible("the new key");
    picture("keys-shown");
    assertThat(element("code.key").getText()).startsWith("sk-l-");
    assertThat(SERVER.changes)
        .anyMatch(c -> c.startsWith("POST keys token") && c.contains("\"name\":\"Laptop\""));
    button("I have stored it").click();
    await(() -> BROWSER.findElements(By.cssSelector("code.key")).isEmpty());
    assertThat(BROWSER.getPageSource()).doesNotContain("sk-l-k7m2q9x4ab-Jx0");
  }

  @Test
  void usageIsLookedIntoByClicks() throws IOException {
    open("usage");
    BROWSER.findElement(By.cssSelector("tbody button.link")).click();
    await(() -> BROWSER.getCurrentUrl().contains("project=prj_code"));
    settle();
    assertThat(BROWSER.getCurrentUrl()).contains("by=key");
    assertThat(element(".chips").getText()).contains("Code assistant");
    assertThat(element("a[download]").getDomAttribute("href")).contains("project=prj_code");
    BROWSER.navigate().back();
    await(() -> !BROWSER.getCurrentUrl().contains("project=prj_code"));
  }

  @Test
  void anAnswerStreamsAndShowsWhatItTook() throws IOException {
    open("playground");
    element("[name=key]").sendKeys("sk-l-test");
    element("[name=question]").sendKeys("What is a B-tree?", Keys.chord(Keys.CONTROL, Keys.ENTER));
    await(() -> element(".talk").getText().contains("wide nodes"));
    await(() -> element(".figures").getText().contains("$"));
    assertThat(element(".figures").getText()).contains("812", "640 (79%)");
    accessible("an answer");
    picture("playground-answer");
    button("Raw events").click();
    assertThat(BROWSER.findElements(By.cssSelector(".events li"))).hasSizeGreaterThan(8);
    // The key is in memory only.
    assertThat(script("return JSON.stringify(localStorage) + JSON.stringify(sessionStorage)"))
        .doesNotContain("sk-l-test");
  }

  @Test
  void whatCannotBeUndoneIsAskedAboutFirst() throws IOException {
    open("projects");
    int before = SERVER.changes.size();
    button("Archive").click();
    await(() -> !BROWSER.findElements(By.cssSelector("dialog[open]")).isEmpty());
    accessible("archiving");
    picture("projects-archive");
    WebElement go = element("dialog footer button.danger");
    assertThat(go.isEnabled()).isFalse();
    button("Cancel").click();
    assertThat(SERVER.changes).hasSize(before);
    assumeTrue(System.getProperty("hadal.axe") != null, "no -Dhadal.axe: pages were not checked");
  }
}
