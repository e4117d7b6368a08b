#!/usr/bin/env bash
# A MediaWiki of Debian's package in FOLDER, on SQLite, with Quoth on its page "Ask":
#   deploy/mediawiki/setup.sh FOLDER [PORT [QUOTH_PORT]]
source "$(dirname "$0")/../wiki.sh"
read_arguments "$@"
need_packages mediawiki nginx php-fpm php-sqlite3 php-intl php-mbstring php-xml
make_password password

cd /usr/share/mediawiki
php maintenance/install.php --quiet --confpath "$FOLDER" --dbtype sqlite --dbpath "$FOLDER/data" --dbname wiki \
    --server "http://localhost:$PORT" --scriptpath "" --skins Vector,MinervaNeue --passfile "$FOLDER/password" "Wiki" "Admin" >/dev/null

# What the proxy asks to learn who is signed in.
cp -r "$HERE/mediawiki/Quoth" "$FOLDER/Quoth"
cat >>"$FOLDER/LocalSettings.php" <<END
wfLoadExtension( 'Quoth', '$FOLDER/Quoth/extension.json' );

wfLoadExtension( 'Cite' );

# An internal wiki: its administrator makes the accounts, and readers read.
\$wgGroupPermissions['*']['createaccount'] = false;
\$wgGroupPermissions['*']['edit'] = false;
\$wgLogos = [ '1x' => "\$wgResourceBasePath/resources/assets/mediawiki.png" ];
END

# As an administrator would in the browser: the script that all pages load, and a page to ask on.
edit() {
    MW_CONFIG_FILE="$FOLDER/LocalSettings.php" php maintenance/edit.php --quiet --user Admin --summary "Quoth" "$1" >/dev/null
}
edit "MediaWiki:Common.js" <"$HERE/mediawiki/Common.js"
edit "Ask" <<'END'
Ask, and read what the documents themselves say.

<div class="quoth-assistant"></div>
END

write_site mediawiki
finish mediawiki index.php/Ask Admin /index.php/Special:UserLogin
