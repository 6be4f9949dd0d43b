package io.hadal.train.corpus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.formats.FormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LicencesTest {
  @TempDir private Path folder = Path.of("");

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          Apache License, Version 2.0            | https://www.apache.org/licenses/LICENSE-2.0     | Apache-2.0
          The Apache Software License, Version 2.0 | ''                                            | Apache-2.0
          Apache 2                               | http://www.apache.org/licenses/LICENSE-2.0.txt  | Apache-2.0
          ASL 2.0                                | ''                                              | Apache-2.0
          The MIT License                        | https://jsoup.org/license                       | MIT
          Bouncy Castle Licence                  | https://www.bouncycastle.org/licence.html       | MIT
          BSD-2-Clause                           | https://jdbc.postgresql.org/about/license.html  | BSD-2-Clause
          The BSD License                        | ''                                              | BSD-3-Clause
          Eclipse Distribution License (EDL) 1.0 | ''                                              |
          Python Software Foundation License     | https://docs.python.org/3/license.html          | PSF-2.0
          Licence of the project                 | https://opensource.org/licenses/MIT             | MIT
          GNU Lesser General Public License      | http://www.gnu.org/licenses/lgpl.html           |
          LGPL 2.1                               | https://opensource.org/licenses/MIT             |
          Eclipse Public License - v 2.0         | http://www.eclipse.org/legal/epl-v20.html       |
          Mozilla Public License, Version 2.0    | http://www.mozilla.org/MPL/2.0/index.txt        |
          Apache-2.0 with Commons Clause         | ''                                              |
          Server Side Public License             | ''                                              |
          Elastic License 2.0                    | ''                                              |
          Committed to nothing                   | ''                                              |
          ''                                     | ''                                              |
          """)
  void namesAndAddresses(String name, String url, String spdx) {
    assertThat(Licences.allowed(name, url)).isEqualTo(spdx);
  }

  private Path pom(String content) throws IOException {
    return Files.writeString(folder.resolve("pom"), "<project>" + content + "</project>");
  }

  @Test
  void pomsNameLicencesOrAParent() throws IOException {
    Pom pom =
        Pom.read(
            pom(
                "<licenses><license><name> The\n MIT  License</name></license></licenses>"
                    + "<parent><groupId>g</groupId><artifactId>a</artifactId><version>1</version>"
                    + "</parent><dependencies><dependency><version>2</version></dependency>"
                    + "</dependencies>"));
    assertThat(pom.licences()).containsExactly(new Pom.Licence("The MIT License", ""));
    assertThat(pom.parent()).isEqualTo(new Coordinates("g", "a", "1", "", "pom"));
    assertThat(Pom.read(pom("")).licences()).isEmpty();
  }

  @Test
  void hostilePomsAreRefused() throws IOException {
    Path entity =
        Files.writeString(
            folder.resolve("entity"),
            "<!DOCTYPE p [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><project>&x;</project>");
    assertThatThrownBy(() -> Pom.read(entity)).isInstanceOf(FormatException.class);
    Path cut = Files.writeString(folder.resolve("cut"), "<project><licenses>");
    assertThatThrownBy(() -> Pom.read(cut)).isInstanceOf(FormatException.class);
    Path path =
        pom(
            "<parent><groupId>../..</groupId><artifactId>a</artifactId><version>1</version>"
                + "</parent>");
    assertThatThrownBy(() -> Pom.read(path)).isInstanceOf(FormatException.class);
  }
}
