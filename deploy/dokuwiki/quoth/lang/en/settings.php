<?php
$lang['server'] = 'Where Quoth is: a path of this host, such as /quoth, or an address such as https://quoth.example.';
