// Parquet's hook for keys, as Spark's readers call it for each file they open. The only Java of this project: it runs
// where Spark runs. Compiled by the compiler that Spark ships (Janino), which is why there are no lambdas here.
package sandbox.spark;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.crypto.DecryptionPropertiesFactory;
import org.apache.parquet.crypto.FileDecryptionProperties;
import org.apache.parquet.crypto.ParquetCryptoRuntimeException;

/** Each file of a data version has a key of its own: HMAC-SHA256(version's key, "version/table/file"). The version's
 * key is the session's setting sandbox.secret.VERSION; Spark blacks out settings whose names hold "secret". */
public class FileKeys implements DecryptionPropertiesFactory {
    public FileDecryptionProperties getFileDecryptionProperties(Configuration settings, Path file) {
        Path table = file.getParent();
        Path version = table.getParent();
        String key = settings.get("sandbox.secret." + version.getName());
        if (key == null) {
            throw new ParquetCryptoRuntimeException("the session has no key for this version");
        }
        String place = version.getName() + "/" + table.getName() + "/" + file.getName();
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(Base64.getDecoder().decode(key), "HmacSHA256"));
            byte[] own = mac.doFinal(place.getBytes(StandardCharsets.UTF_8));
            return FileDecryptionProperties.builder().withFooterKey(own).build();
        } catch (java.security.GeneralSecurityException broken) {
            throw new ParquetCryptoRuntimeException("no HMAC-SHA256 here");
        }
    }
}
